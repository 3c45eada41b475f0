// SPDX-License-Identifier: Apache-2.0

/// What the server says it can do (`CAPA`, RFC 2449).
public struct Capabilities: Hashable, Sendable {
    /// For how long the server keeps what has been retrieved (RFC 2449 §6.7).
    public enum Expiry: Hashable, Sendable {
        case never
        /// 0: retrieving deletes.
        case days(Int)
    }

    /// Whether the server knows `CAPA` at all; if not, everything else is unknown rather than absent.
    public var areAnnounced: Bool
    /// The lines as received, with unprintable octets replaced.
    public var lines: [String]
    public var stls: Bool
    public var user: Bool
    public var top: Bool
    public var uidl: Bool
    public var pipelining: Bool
    /// RFC 6856 §2
    public var utf8: Bool
    /// RFC 6856 §2.2: user names and passwords may be UTF-8.
    public var utf8User: Bool
    public var responseCodes: Bool
    public var authenticationResponseCode: Bool
    /// SASL mechanisms in upper case, as listed (RFC 5034).
    public var mechanisms: [String]
    /// Seconds between two logins (RFC 2449 §6.5), where announced.
    public var loginDelay: Int?
    /// Whether that delay differs between users, so that only the value announced after the login counts.
    public var loginDelayIsPerUser: Bool
    public var expiry: Expiry?
    public var expiryIsPerUser: Bool
    public var implementation: String?

    /// Retrieving a message deletes it.
    public var retrievingDeletes: Bool { expiry == .days(0) }

    /// For a server that does not know `CAPA`.
    static let unknown = Capabilities(areAnnounced: false, lines: [])

    private init(areAnnounced: Bool, lines: [String]) {
        self.areAnnounced = areAnnounced
        self.lines = lines
        (stls, user, top, uidl, pipelining) = (false, false, false, false, false)
        (utf8, utf8User, responseCodes, authenticationResponseCode) = (false, false, false, false)
        (mechanisms, loginDelay, loginDelayIsPerUser, expiry, expiryIsPerUser) = ([], nil, false, nil, false)
        implementation = nil
    }

    /// From the lines of a `CAPA` answer. Unknown and malformed ones are kept only in ``lines``.
    init(lines: [String]) {
        self.init(areAnnounced: true, lines: lines)
        for line in lines {
            // Some servers send `SASL=PLAIN` and `AUTH=LOGIN`, as in ESMTP.
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "=" }
            guard let tag = words.first?.uppercased() else { continue }
            let arguments = words.dropFirst().map { $0.uppercased() }
            switch tag {
            case "STLS": stls = true
            case "USER": user = true
            case "TOP": top = true
            case "UIDL": uidl = true
            case "PIPELINING": pipelining = true
            case "UTF8":
                utf8 = true
                utf8User = arguments.contains("USER")
            case "RESP-CODES": responseCodes = true
            case "AUTH-RESP-CODE": authenticationResponseCode = true
            case "SASL", "AUTH": mechanisms += arguments.filter { !mechanisms.contains($0) }
            case "LOGIN-DELAY":
                loginDelay = arguments.first.flatMap { Int($0) }.flatMap { (0...31_536_000).contains($0) ? $0 : nil }
                loginDelayIsPerUser = arguments.dropFirst().contains("USER")
            case "EXPIRE":
                expiry = arguments.first.flatMap { argument in
                    argument == "NEVER" ? .never : Int(argument).flatMap { $0 >= 0 ? .days($0) : nil }
                }
                expiryIsPerUser = arguments.dropFirst().contains("USER")
            case "IMPLEMENTATION": implementation = line.dropFirst(tag.count).drop { $0 == " " }.description
            default: break
            }
        }
    }
}
