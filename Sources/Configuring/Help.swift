// SPDX-License-Identifier: Apache-2.0

extension ConfigurationSource {
    /// What `--help` prints; ends in a line feed.
    public static var help: String {
        var text = """
            Usage: mailmoved [FLAG VALUE]...

            Moves the mailboxes of a mail domain from an old POP3 server to a new platform.

            The sockets come from systemd: systemctl enable --now mailmoved.socket mailmoved-login.socket
            Without it: mailmoved --admin-socket PATH --login-socket PATH


            """
        for own in CommandLineOptions.own { text += entry("\(own.flag) \(own.placeholder)", [own.meaning]) }
        text += entry(
            "--check",
            [
                "say whether the configuration is in order, and exit; where mail goes into the platform's IMAP server,",
                "enter a mailbox there, and see whether a message comes back as it was sent",
            ])
        text += entry("--check-file", ["the same without the platform"])
        text += entry(
            "--migrate-database sqlite:PATH postgresql://…",
            [
                "take everything along into an empty database, and exit; may be repeated, and while a daemon runs",
                "the password: the credential database-password, a passfile or the service file",
            ])
        text += entry("--help", ["print this and exit"]) + entry("--version", ["print the version and exit"])
        text += "\nThe configuration; a flag wins over the environment variable, and that over the key in the file:\n\n"
        for key in ConfigurationKey.all {
            text += entry(
                "\(key.flag) \(key.placeholder)",
                [
                    key.meaning, "\(key.expected); default: \(key.defaultText)",
                    "\(key.name) · \(key.environmentVariable)\(key.changesAtReload ? "" : " · needs a restart")",
                ])
        }
        return text + """

            Files: \(defaultFile) (--config, MAILMOVE_CONFIG)
            Signals: SIGTERM stops within 5 s; SIGHUP reads the configuration again
            Exit status: 0 done · 64 wrong command line · 78 wrong configuration; see sysexits.h(3head) for others
            See also: mailmoved(8), mailmoved.yaml(5), mailmovectl(1)

            """
    }

    private static func entry(_ title: String, _ lines: [String]) -> String {
        "  \(title)\n" + lines.map { "      \($0)\n" }.joined()
    }
}
