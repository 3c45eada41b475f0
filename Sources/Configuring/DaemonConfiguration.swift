// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Logging
public import Secrets
public import Vocabulary

/// The administrator's settings, validated; a value that was not given has its default.
///
/// ``ConfigurationKey/all`` names the key of each property; durations are in seconds.
public struct DaemonConfiguration: Sendable, Equatable {
    /// Where mail goes.
    public struct MailStore: Sendable, Equatable {
        public var kind = MailStoreKind.maildir
        /// `%u` address, `%n` local part, `%d` domain, `%%` a percent sign; absolute.
        public var maildirPath = "/var/mail/%d/%n/Maildir"
        public var maildirLayout = MaildirLayout.maildirPlusPlus
        /// Whether all nodes reach the same Maildirs.
        public var isMaildirShared = false
        /// What the new platform calls its special folders.
        public var sent = SpecialFolder(.sent)
        public var drafts = SpecialFolder(.drafts)
        public var junk = SpecialFolder(.junk)
        public var trash = SpecialFolder(.trash)
        public var archive = SpecialFolder(.archive)

        public var imap = IMAP()

        private var byUse: [SpecialUse: SpecialFolder] {
            [.sent: sent, .drafts: drafts, .junk: junk, .trash: trash, .archive: archive]
        }

        /// The paths of all of them, by use.
        public var specialFolders: [SpecialUse: String] { byUse.mapValues(\.path) }

        /// Those that an administrator has named, be it as usual.
        public var namedFolders: [SpecialUse: String] { byUse.filter(\.value.isGiven).mapValues(\.path) }
    }

    /// What a special folder of the new platform is called.
    public struct SpecialFolder: Sendable, Equatable {
        /// With `/` between levels.
        public var path: String
        /// Whether an administrator says so; else it is the usual name, and a platform that has another one is followed.
        public var isGiven = false

        init(_ use: SpecialUse) { path = SpecialUse.usualNames[use] ?? "" }

        init(given path: String) { (self.path, isGiven) = (path, true) }

        /// A default that is given is the default.
        public static func == (one: SpecialFolder, other: SpecialFolder) -> Bool { one.path == other.path }
    }

    /// The platform's IMAP server, for ``MailStoreKind/imap``.
    public struct IMAP: Sendable, Equatable {
        /// nil where it is not needed.
        public var address: HostAndPort?
        public var security = PlatformSecurity.starttls
        public var verify = CertificateCheck.Verification.full
        /// 64 lower-case hexadecimal digits.
        public var sha256: String?
        public var masterUser: String?
        /// `%u` the account, `%m` the master user; or `authzid`.
        public var userFormat = "%u*%m"
        /// Read where there is no credential `imap-master`.
        public var masterPasswordFile: String?
        public var connections = 32
    }

    /// Limits.
    public struct Limits: Sendable, Equatable {
        /// Accounts moving at once.
        public var concurrentMoves = Defaults.concurrentMoves
        /// connections of moves to one old server at once.
        public var connectionsPerOldServer = Defaults.connectionsPerOldServer
        /// Of one account.
        public var secondsBetweenRuns = Defaults.secondsBetweenRuns
        /// The longest JSON-RPC line, in octets.
        public var requestBytes = 16_777_216
        /// Clients at once.
        public var connections = 1024
        /// Different wrong passwords in 10 minutes, after which the old server is not asked.
        public var failuresPerAccount = Defaults.failuresPerAccount
        public var failuresPerAddress = Defaults.failuresPerAddress
        /// IP addresses that are not counted per address, as inet_ntop(3) writes them.
        public var trustedAddresses: Set<String> = []
    }

    /// How long to wait for an old server.
    public struct Timeouts: Sendable, Equatable {
        public var connect = Defaults.connectTimeout
        public var read = Defaults.readTimeout
        /// In all, for the answer to one login.
        public var login = Defaults.loginTimeout
    }

    /// How passwords are kept and remembered.
    public struct Passwords: Sendable, Equatable {
        public var scheme = PasswordScheme.yescrypt
        /// How long a right password is remembered; 0 is off.
        public var cacheSeconds = Defaults.passwordCacheSeconds
    }

    public var mailStore = MailStore()
    /// As given, `$STATE` included; ``databasePath`` is what to open.
    public var databaseURL = "sqlite:$STATE/mailmove.db"
    public var accounts = AccountsConfiguration()
    /// How long a node's runs stay its own without a sign of life.
    public var leaseSeconds = 15
    /// Unique among the nodes that share a database.
    public var nodeName = hostName
    public var limits = Limits()
    public var timeouts = Timeouts()
    /// The resolver that `checkDomain` asks; nil is the system's.
    public var dnsServer: HostAndPort?
    public var passwords = Passwords()
    /// Who is told of news; nil if nobody is.
    public var notifyTarget: NoticeAddress?
    /// The daemon exits 0 after this long without clients or work; 0 turns this off.
    public var idleExit = 0.0
    public var logLevel = Logger.Level.info

    /// Where state is kept: the first of `$STATE_DIRECTORY` (systemd.exec(5)), else `/var/lib/mailmove`.
    public var stateDirectory = "/var/lib/mailmove"

    /// The defaults.
    public init() {}

    /// The SQLite database's file, absolute.
    public var databasePath: String { DatabaseURL.sqlitePath(databaseURL, state: stateDirectory) ?? databaseURL }

    /// Whether the database is one that nodes share.
    public var isDatabaseShared: Bool { DatabaseURL.isPostgreSQL(databaseURL) }

    /// Whether all nodes reach the same mail store.
    public var isMailStoreShared: Bool { mailStore.kind == .imap || mailStore.isMaildirShared }

    /// The configuration after a reload: this one, with whatever a reload may change taken from `loaded`.
    public func reloaded(with loaded: DaemonConfiguration) -> DaemonConfiguration {
        var result = self
        for key in ConfigurationKey.all where key.changesAtReload { key.copy(loaded, &result) }
        return result
    }

    /// The names of the keys that `loaded` changes and that need a restart to take effect.
    public func needingRestart(for loaded: DaemonConfiguration) -> [String] {
        ConfigurationKey.all.filter { !$0.changesAtReload && !$0.isSame(self, loaded) }.map(\.name)
    }
}

/// `mailStore.maildir.layout`: how folders lie below a Maildir, as Dovecot's `LAYOUT`.
public enum MaildirLayout: String, Sendable, CaseIterable {
    case maildirPlusPlus = "maildir++"
    case fs
}

/// `mailStore.kind`.
public enum MailStoreKind: String, Sendable, CaseIterable {
    case maildir
    case imap
}

/// `mailStore.imap.security`.
public enum PlatformSecurity: String, Sendable, CaseIterable {
    case starttls
    case tls
    case none
}

private let hostName: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0, name[0] != 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}()
