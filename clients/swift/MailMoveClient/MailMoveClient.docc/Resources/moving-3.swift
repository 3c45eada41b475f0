import MailMoveClient

let mailmove = MailMoveClient(socketPath: "/run/mailmove/admin.sock")

let domain = try DomainName("example.com")
guard let found = try await mailmove.detectOldServer(DetectOldServer(domain: domain)).best else {
    fatalError("nothing is known of where \(domain) has its mailboxes; give the old server by hand")
}
print("\(found.protocol) at \(found.host):\(found.port): \(found.detail)")

let server = OldServerParameters(
    found.protocol, host: found.host, port: found.port, security: found.security)
let findings = try await mailmove.verifyOldServer(VerifyOldServer(oldServer: server))
for check in findings.checks { print(check.ok ? "ok    " : "FAILED", check.name, check.detail) }
for advice in findings.advice { print(advice) }
