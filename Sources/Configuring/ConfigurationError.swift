// SPDX-License-Identifier: Apache-2.0

/// Why the daemon does not start, or a reload is refused.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of mistake, as sysexits.h numbers it.
    public enum Code: Int32, Sendable {
        /// `EX_USAGE`: the command line.
        case usage = 64
        /// `EX_CONFIG`: the file or the environment.
        case configuration = 78
    }

    /// One finding.
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// Where: a file and line, an environment variable, a flag.
        public var subject: String
        /// What is wrong there, and what is expected.
        public var detail: String

        public var description: String { subject + ": " + detail }
    }

    public var code: Code
    /// All that was found, in the order of the source; never empty.
    public var problems: [Problem]

    /// The status to exit with.
    public var exitCode: Int32 { code.rawValue }

    /// One line per problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }

    init(_ code: Code, _ problems: [Problem]) {
        self.code = code
        self.problems = problems
    }

    static func usage(_ subject: String, _ detail: String) -> ConfigurationError {
        ConfigurationError(.usage, [Problem(subject: subject, detail: detail)])
    }

    /// Neither systemd nor a flag has given a socket to serve.
    public static let noSockets = usage(
        "mailmoved",
        """
        there is no socket to serve. Under systemd: systemctl enable --now mailmoved.socket mailmoved-login.socket; \
        without it: mailmoved --admin-socket PATH --login-socket PATH (mailmoved --help tells more)
        """)
}
