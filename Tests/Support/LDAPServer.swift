// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// A real OpenLDAP on loopback and on a Unix socket, with a suffix `dc=platform` and who may write its passwords.
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class LDAPServer: @unchecked Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    public static let isAvailable = FileManager.default.isExecutableFile(atPath: "/usr/sbin/slapd")
    public static let base = "dc=platform"
    public static let bindDN = "cn=mailmove,dc=platform"
    public static let password = "ldap-Pass-1"

    public let folder: URL
    public let port: Int
    public var url: String { "ldap://127.0.0.1:\(port)" }
    /// Where SASL EXTERNAL says who asks; only root may there.
    public var localURL: String { "ldapi://" + socket.replacing("/", with: "%2F") }
    private var socket: String { folder.appending(path: "ldapi").path }
    private var process: Process?

    /// - Parameter tls: whether it has a certificate, for 127.0.0.1, signed by itself.
    public init(tls: Bool = false) async throws {
        port = try LoopbackSocket.freePort()
        folder = MemoryFolder.named("mailmove-ldap-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "data"), withIntermediateDirectories: true)
        var lines = ""
        if tls {
            try await run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", "\(folder.path)/key", "-out",
                    "\(folder.path)/cert",
                ])
            lines = "TLSCertificateFile \(folder.path)/cert\nTLSCertificateKeyFile \(folder.path)/key\n"
        }
        let configuration = """
            include /etc/ldap/schema/core.schema
            include /etc/ldap/schema/cosine.schema
            include /etc/ldap/schema/inetorgperson.schema
            modulepath /usr/lib/ldap
            moduleload back_mdb
            pidfile \(folder.path)/pid
            \(lines)database mdb
            maxsize 67108864
            suffix \(Self.base)
            rootdn cn=root,\(Self.base)
            rootpw root
            directory \(folder.path)/data
            index mail eq
            access to attrs=userPassword by dn.exact=\(Self.bindDN) write by dn.exact=gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth write by anonymous auth by * none
            access to * by * read

            """
        try Data(configuration.utf8).write(to: folder.appending(path: "slapd.conf"))
        try await start()
        try await add(
            """
            dn: \(Self.base)
            objectClass: dcObject
            objectClass: organization
            dc: platform
            o: platform

            dn: \(Self.bindDN)
            objectClass: person
            cn: mailmove
            sn: mailmove
            userPassword: \(Self.password)
            """)
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind at worst
    }

    public func start() async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/slapd")
        process.arguments = ["-d", "0", "-f", "\(folder.path)/slapd.conf", "-h", "\(url) \(localURL)"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<1200 {
            if (try? await run("/usr/bin/ldapsearch", tool + ["-s", "base", "-b", ""])) != nil { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failed(description: "slapd did not start")
    }

    /// It answers nobody, and keeps its connections, until it is let go on.
    public func hang(_ hangs: Bool) {
        process?.hang(hangs)
    }

    public func stop() {
        guard let process, process.isRunning else { return }
        hang(false)
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    /// Its certificate, which signs itself.
    public var certificate: String { folder.appending(path: "cert").path }

    /// Adds entries in LDIF.
    public func add(_ ldif: String) async throws {
        try Data((ldif + "\n").utf8).write(to: folder.appending(path: "ldif"))
        try await run("/usr/bin/ldapadd", tool + ["-f", "\(folder.path)/ldif"])
    }

    /// Adds an account.
    public func add(_ address: String, _ hashes: [String], name: String = "Ann", type: String = "user") async throws {
        func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        let uid = UUID().uuidString.prefix(8).lowercased()
        try await add(
            """
            dn: uid=\(uid),\(Self.base)
            objectClass: inetOrgPerson
            uid: \(uid)
            cn:: \(encoded(name))
            sn: x
            displayName:: \(encoded(name))
            mail:: \(encoded(address))
            employeeType: \(type)
            \(hashes.map { "userPassword:: \(encoded($0))" }.joined(separator: "\n"))
            """)
    }

    /// The hashes of an account.
    public func hashes(of address: String) async throws -> [String] {
        let output = try await run(
            "/usr/bin/ldapsearch",
            tool + ["-LLL", "-o", "ldif-wrap=no", "-b", Self.base, "(mail=\(address))", "userPassword"])
        return output.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("userPassword:: ") else { return nil }
            return Data(base64Encoded: String(line.dropFirst(15))).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private var tool: [String] {
        ["-x", "-H", url, "-D", "cn=root,\(Self.base)", "-w", "root", "-o", "nettimeout=5"]
    }

    @discardableResult
    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        let (status, output) = try await ProgramRun.output(of: program, arguments)
        guard status == 0 else { throw Failed(description: "\(program): \(output.suffix(500))") }
        return output
    }
}
