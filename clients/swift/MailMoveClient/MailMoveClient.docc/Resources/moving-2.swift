import Foundation
import MailMoveClient

let mailmove = MailMoveClient(socketPath: "/run/mailmove/admin.sock")

let file = try Data(contentsOf: URL(filePath: "accounts.csv"))
let imported = try await mailmove.importAccounts(
    ImportAccounts(data: file.withUnsafeBytes { FileContents($0) }, generatePasswords: true))
print("created \(imported.created) accounts")
for row in imported.rejected { print("line \(row.line): \(row.detail)") }
