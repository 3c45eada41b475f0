import MailMoveClient

let mailmove = MailMoveClient(socketPath: "/run/mailmove/admin.sock")

let domain = try DomainName("example.com")
let server = OldServerParameters(.imap, host: "192.0.2.10", security: .tls)
do {
    let migration = try await mailmove.enableMigration(
        EnableMigration(domain: domain, oldServer: server, validDays: 30))
    for warning in migration.warnings { print("warning:", warning) }
} catch let error as MailMoveError where error.parameter != nil {
    print("wrong:", error.detail)
}
