// SPDX-License-Identifier: Apache-2.0

public import MailStore
public import Secrets
public import Vocabulary

/// The new platform's IMAP server, and how its mailboxes are entered.
public struct Platform: Sendable {
    /// How a mailbox is entered by the master user.
    public enum UserFormat: Hashable, Sendable {
        /// A user name with `%u` for the account, `%m` for the master user and `%%` for a percent sign.
        case name(String)
        /// SASL PLAIN, with the account as the identity to act as (RFC 4616).
        case authorizationIdentity

        /// As `mailStore.imap.userFormat` has it.
        public init(_ text: String) { self = text == "authzid" ? .authorizationIdentity : .name(text) }
    }

    /// Where it is, in the same terms as an old server.
    public var server: OldServer
    public var masterUser: String
    public var userFormat: UserFormat
    /// How many connections there are at once.
    public var connections: Int
    /// What it calls its special folders, where an administrator has said so; else it is asked.
    public var specialFolders: [SpecialUse: String]
    /// The master user's, read whenever it is needed, for it may be changed.
    public var password: @Sendable () throws(MailStoreError) -> Password

    public init(
        server: OldServer, masterUser: String, userFormat: UserFormat = .name("%u*%m"), connections: Int = 32,
        specialFolders: [SpecialUse: String] = [:],
        password: @escaping @Sendable () throws(MailStoreError) -> Password
    ) {
        self.server = server
        self.masterUser = masterUser
        self.userFormat = userFormat
        self.connections = max(1, connections)
        self.specialFolders = specialFolders
        self.password = password
    }

    /// For people.
    var subject: String { "the platform's IMAP server \(server.subject)" }

    /// Who logs in, and as whom to act, where that is somebody else.
    func login(for account: EmailAddress) -> (user: String, identity: String) {
        switch userFormat {
        case .authorizationIdentity: (masterUser, account.description)
        case .name(let format):
            (Self.expand(format, account.description, masterUser), "")
        }
    }

    private static func expand(_ format: String, _ account: String, _ master: String) -> String {
        var text = ""
        var rest = format[...]
        while let percent = rest.firstIndex(of: "%") {
            text += rest[..<percent]
            let next = rest.index(after: percent)
            guard next < rest.endIndex else { return text + "%" }
            switch rest[next] {
            case "u": text += account
            case "m": text += master
            case "%": text += "%"
            default: text += rest[percent...next]
            }
            rest = rest[rest.index(after: next)...]
        }
        return text + rest
    }
}
