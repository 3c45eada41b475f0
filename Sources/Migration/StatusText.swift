// SPDX-License-Identifier: Apache-2.0

public import Records
public import Vocabulary

/// The sentences that users read.
public enum StatusText {
    static let welcome = LocalizedText(en: "Logged in.", zhCN: "登录成功。")
    static let wrongPassword = LocalizedText(en: "Wrong account or password.", zhCN: "账号或密码错误。")

    static func status(_ row: AccountRecord) -> LocalizedText {
        switch row.status {
        case .notStarted:
            return LocalizedText(
                en: "The move of your old mail has not started. It starts when you log in with your old password.",
                zhCN: "邮箱搬家未开始。使用原邮箱密码登录后即开始搬家。")
        case .inProgress where row.moved + row.remaining == 0:
            // Before the first listing.
            return LocalizedText(en: "Your old mail is being moved.", zhCN: "邮箱搬家中。")
        case .inProgress:
            return LocalizedText(
                en: "Your old mail is being moved: \(row.moved) messages are here, \(row.remaining) remain.",
                zhCN: "邮箱搬家中：已搬 \(row.moved) 封，剩余 \(row.remaining) 封。")
        case .completed:
            return LocalizedText(
                en: "Your old mail has been moved: \(row.moved) messages.", zhCN: "邮箱搬家完成：共 \(row.moved) 封邮件。")
        case .failed: return row.error?.reason.text ?? Reason.interrupted.text
        case .nonMigrating: return Reason.nonMigratingAccount.text
        }
    }

    /// What an event says.
    public static func event(_ event: EventRecord) -> LocalizedText {
        switch event.kind {
        case .triggered: LocalizedText(en: "A move was triggered.", zhCN: "已触发搬家。")
        case .handedOver:
            LocalizedText(en: "The old server accepted the password; it was taken over.", zhCN: "原服务器已验证密码，密码已同步。")
        case .connected: LocalizedText(en: "Connected to the old server.", zhCN: "已连接原服务器。")
        case .completed: LocalizedText(en: "The move is complete.", zhCN: "搬家完成。")
        case .failed: event.reason?.text ?? LocalizedText(en: "The move failed.", zhCN: "搬家失败。")
        case .passwordRejected:
            LocalizedText(en: "The old server does not take the password.", zhCN: "原服务器拒绝了该密码。")
        case .postponed: event.reason?.text ?? LocalizedText(en: "Put off for a while.", zhCN: "已推迟，稍后重试。")
        case .messageRefused:
            LocalizedText(en: "The old server would not give a message.", zhCN: "原服务器拒绝提供一封邮件。")
        case .perhapsDoubled:
            LocalizedText(en: "Some messages may arrive a second time.", zhCN: "部分邮件可能重复到达。")
        case .nonMigrating: Reason.nonMigratingAccount.text
        case .stopped: LocalizedText(en: "The move was stopped.", zhCN: "搬家已停止。")
        case .created: LocalizedText(en: "The account was created.", zhCN: "账号已创建。")
        case .passwordChanged: LocalizedText(en: "The password was changed here.", zhCN: "密码已在新平台修改。")
        case .deleted: LocalizedText(en: "The account was deleted.", zhCN: "账号已删除。")
        }
    }
}
