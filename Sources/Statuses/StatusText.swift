// SPDX-License-Identifier: Apache-2.0

public import Records
public import Vocabulary

/// The sentences for users, and those of events for administrators.
public enum StatusText {
    package static let welcome = LocalizedText(en: "Logged in.", zhCN: "登录成功。")
    package static let decidedElsewhere = LocalizedText(
        en: "The mail platform checks this login.", zhCN: "此次登录由邮件平台校验。")
    package static let wrongPassword = LocalizedText(en: "Wrong account or password.", zhCN: "账号或密码错误。")

    /// - Parameters:
    ///   - settings: the domain's; nil if it never had a migration.
    ///   - isQueued: whether a run waits for its turn.
    static func status(
        _ row: AccountRecord, settings: MigrationSettings?, isQueued: Bool, now: Timestamp
    ) -> LocalizedText {
        switch row.status {
        case .notStarted: return notStarted(settings, now)
        case .inProgress where row.isPaused:
            return LocalizedText(
                en: "The move of your old mail was paused by your administrator: \(here(row)).",
                zhCN: "邮箱搬家已被管理员暂停：已搬 \(row.moved) 封。")
        case .inProgress where row.moved + row.remaining == 0 && isQueued:
            return LocalizedText(en: "The move of your old mail waits for its turn.", zhCN: "邮箱搬家中：正在排队。")
        case .inProgress where row.moved + row.remaining == 0:
            // Before the first listing.
            return LocalizedText(en: "Your old mail is being moved.", zhCN: "邮箱搬家中。")
        case .inProgress where isQueued:
            return LocalizedText(
                en: "The move of your old mail waits for its turn: \(here(row)), \(row.remaining) to come.",
                zhCN: "邮箱搬家中，正在排队：已搬 \(row.moved) 封，剩余 \(row.remaining) 封。")
        case .inProgress:
            return LocalizedText(
                en: "Your old mail is being moved: \(here(row)), \(row.remaining) to come.",
                zhCN: "邮箱搬家中：已搬 \(row.moved) 封，剩余 \(row.remaining) 封。")
        case .completed:
            return LocalizedText(
                en: "Your old mail has been moved: \(messages(row.moved)).", zhCN: "邮箱搬家完成：共 \(row.moved) 封邮件。")
        case .failed: return failed(row, settings, now)
        case .nonMigrating: return Reason.nonMigratingAccount.text
        }
    }

    private static func messages(_ count: Int64) -> String { count == 1 ? "1 message" : "\(count) messages" }

    private static func here(_ row: AccountRecord) -> String {
        messages(row.moved) + (row.moved == 1 ? " is here" : " are here")
    }

    private static func notStarted(_ settings: MigrationSettings?, _ now: Timestamp) -> LocalizedText {
        switch settings?.state(at: now) {
        case nil: Reason.migrationNotEnabled.text
        case .active where settings?.syncPasswords == false:
            LocalizedText(
                en:
                    "The move of your old mail has not started. It starts when you give your old password on the home page.",
                zhCN: "邮箱搬家未开始。请在主页输入原邮箱密码以开始搬家。")
        case .active:
            LocalizedText(
                en: "The move of your old mail has not started. It starts when you log in with your old password.",
                zhCN: "邮箱搬家未开始。使用原邮箱密码登录后即开始搬家。")
        case .expired:
            LocalizedText(
                en:
                    "The move of your old mail has not started, and its time is over. Please contact your administrator.",
                zhCN: "邮箱搬家未开始，且已过有效期，请联系管理员。")
        case .disabled:
            LocalizedText(
                en: "The move of your old mail has not started, and has been ended. Please contact your administrator.",
                zhCN: "邮箱搬家未开始，且已被停止，请联系管理员。")
        }
    }

    /// What happened, and what comes next: that depends on whether the password is kept, and on the window.
    private static func failed(_ row: AccountRecord, _ settings: MigrationSettings?, _ now: Timestamp) -> LocalizedText
    {
        let reason = row.error?.reason ?? .interrupted
        guard let happened = happened(reason) else { return reason.text }
        let next =
            if row.isPaused {
                LocalizedText(en: " The move is paused by your administrator.", zhCN: "搬家已被管理员暂停。")
            } else if row.sealed != nil {
                LocalizedText(en: " We will try again.", zhCN: "系统将自动重试。")
            } else if settings?.state(at: now) != .active {
                LocalizedText(en: " Please contact your administrator.", zhCN: "请联系管理员。")
            } else if reason == .credentialsRejected {
                LocalizedText(en: " Please give the one that you have there on the home page.", zhCN: "请在主页输入原邮箱密码。")
            } else if row.handover == .unchanged {
                LocalizedText(en: " It is tried again at your next login.", zhCN: "下次登录时将重试。")
            } else {
                LocalizedText(en: " Please try again later with your old password.", zhCN: "请稍后使用原邮箱密码重试。")
            }
        return LocalizedText(en: happened.en + next.en, zhCN: happened.zhCN + next.zhCN)
    }

    /// nil where the reason's own text says what comes next.
    private static func happened(_ reason: Reason) -> LocalizedText? {
        switch reason {
        case .oldServerUnreachable: LocalizedText(en: "The old mail server cannot be reached.", zhCN: "无法连接原邮件服务器。")
        case .oldServerProtocol:
            LocalizedText(en: "The old mail server gave an answer that makes no sense.", zhCN: "原邮件服务器的应答异常。")
        case .mailboxInUse: LocalizedText(en: "The old mailbox is in use.", zhCN: "原邮箱正在被使用。")
        case .messagesRefused:
            LocalizedText(en: "The old mail server would not give some messages.", zhCN: "原邮件服务器拒绝提供部分邮件。")
        case .oldServerThrottled: LocalizedText(en: "The old mail server asks for a pause.", zhCN: "原邮件服务器限制了访问速度。")
        case .mailStoreUnavailable:
            LocalizedText(en: "The new mailbox cannot take mail at the moment.", zhCN: "新邮箱暂时无法写入邮件。")
        case .databaseUnavailable: LocalizedText(en: "The service's database is not available.", zhCN: "服务数据库暂不可用。")
        case .interrupted: LocalizedText(en: "The move was interrupted.", zhCN: "搬家被中断。")
        case .credentialsRejected:
            LocalizedText(en: "The old mail server no longer takes the password.", zhCN: "原邮件服务器不再接受该密码。")
        default: nil
        }
    }

    /// What an event says, to the administrator.
    public static func event(_ event: EventRecord) -> LocalizedText {
        switch event.kind {
        case .triggered: LocalizedText(en: "A move was triggered.", zhCN: "已触发搬家。")
        case .handedOver:
            LocalizedText(en: "The old server accepted the password; it was taken over.", zhCN: "原服务器已验证密码，密码已同步。")
        case .connected: LocalizedText(en: "Connected to the old server.", zhCN: "已连接原服务器。")
        case .completed: LocalizedText(en: "The move is complete.", zhCN: "搬家完成。")
        case .failed: event.reason?.advice ?? LocalizedText(en: "The move failed.", zhCN: "搬家失败。")
        case .passwordRejected:
            LocalizedText(en: "The old server does not take the password.", zhCN: "原服务器拒绝了该密码。")
        case .postponed: event.reason?.advice ?? LocalizedText(en: "Put off for a while.", zhCN: "已推迟，稍后重试。")
        case .messageRefused:
            LocalizedText(en: "The old server would not give a message.", zhCN: "原服务器拒绝提供一封邮件。")
        case .perhapsDoubled:
            LocalizedText(en: "Some messages may arrive a second time.", zhCN: "部分邮件可能重复到达。")
        case .nonMigrating: Reason.nonMigratingAccount.advice
        case .stopped: LocalizedText(en: "The move was stopped.", zhCN: "搬家已停止。")
        case .created: LocalizedText(en: "The account was created.", zhCN: "账号已创建。")
        case .passwordChanged: LocalizedText(en: "The password was changed here.", zhCN: "密码已在新平台修改。")
        case .hashUnverifiable:
            LocalizedText(
                en:
                    "The platform's password hash is of a form that cannot be verified here; its logins are left alone.",
                zhCN: "平台上的密码哈希格式无法在此校验；该账号的登录不作处理。")
        case .closed:
            LocalizedText(
                en: "The administrator closed the account to hand-over: the old password opens nothing.",
                zhCN: "管理员已关闭该账号的密码同步：原密码不再有效。")
        case .deleted: LocalizedText(en: "The account was deleted.", zhCN: "账号已删除。")
        case .paused: LocalizedText(en: "The administrator paused the move.", zhCN: "管理员已暂停搬家。")
        case .resumed: LocalizedText(en: "The administrator let the move go on.", zhCN: "管理员已恢复搬家。")
        case .enabled: LocalizedText(en: "The migration of the domain was enabled.", zhCN: "已开启该域的邮箱搬家。")
        case .settingsChanged:
            LocalizedText(en: "Settings of the domain's migration were changed.", zhCN: "该域的搬家设置已更改。")
        case .disabled: LocalizedText(en: "The migration of the domain was ended.", zhCN: "已停止该域的邮箱搬家。")
        case .oldServerUnreachable:
            LocalizedText(en: "The old server does not answer; it is asked again by itself.", zhCN: "原服务器没有应答，系统会自动重试。")
        case .oldServerAnswers: LocalizedText(en: "The old server answers again.", zhCN: "原服务器已恢复应答。")
        case .oldServerLimits:
            LocalizedText(
                en: "The old server limits what this machine may do; ask its administrator for more.",
                zhCN: "原服务器对本机有限制，请联系其管理员放宽。")
        case .halfDone: LocalizedText(en: "Half of the domain's accounts are complete.", zhCN: "该域半数账号已完成搬家。")
        case .allDone: LocalizedText(en: "All accounts of the domain are complete.", zhCN: "该域全部账号已完成搬家。")
        case .stalled:
            LocalizedText(
                en: "Nothing is being moved, although there is work and the old server can be reached.",
                zhCN: "仍有待搬的邮件，且原服务器可以连接，但搬家没有进展。")
        case .oldServerAway:
            LocalizedText(en: "The old server has been away for ten minutes.", zhCN: "原服务器已有十分钟无法连接。")
        case .windowEnding:
            LocalizedText(en: "The window of the migration ends within three days.", zhCN: "搬家有效期将在三天内结束。")
        case .windowEnded: LocalizedText(en: "The window of the migration has ended.", zhCN: "搬家有效期已结束。")
        case .retried: LocalizedText(en: "The administrator asked for another try at once.", zhCN: "管理员已要求立即重试。")
        }
    }
}
