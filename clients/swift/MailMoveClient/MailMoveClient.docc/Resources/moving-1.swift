import MailMoveClient

let mailmove = MailMoveClient(socketPath: "/run/mailmove/admin.sock")

print("mailmoved", try await mailmove.ping())
