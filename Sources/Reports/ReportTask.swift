// SPDX-License-Identifier: Apache-2.0

package import Records
public import Vocabulary

/// Something that an administrator has still to do.
public struct ReportTask: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// People have not logged in yet, or not with the right password.
        case notStarted
        /// Accounts have failed.
        case failed
        /// Runs are kept from starting.
        case paused
        /// Mail is on its way.
        case inProgress
        /// Everything has arrived: the migration can be ended.
        case finish
    }

    public var kind: Kind
    public var accounts: Int64
    /// What to do.
    public var action: LocalizedText
}

extension MigrationReport {
    /// What is left to do, in the order in which it is best done.
    public var tasks: [ReportTask] {
        func count(_ status: MigrationStatus) -> Int64 { byStatus[status] ?? 0 }
        var tasks: [ReportTask] = []
        func add(_ kind: ReportTask.Kind, _ accounts: Int64, _ action: LocalizedText) {
            if accounts > 0 { tasks.append(ReportTask(kind: kind, accounts: accounts, action: action)) }
        }
        let isOpen = state == .active
        add(.failed, count(.failed), isOpen ? Texts.endFailures : Texts.endFailuresAfterwards)
        add(.paused, paused, Texts.resume)
        add(.notStarted, count(.notStarted), isOpen ? Texts.remind : Texts.remindAfterwards)
        add(.inProgress, count(.inProgress), Texts.wait)
        if tasks.isEmpty, totals.accounts > 0, state != .disabled {
            tasks.append(ReportTask(kind: .finish, accounts: totals.accounts, action: Texts.finish))
        }
        return tasks
    }

    /// What is left to do, in a sentence for an event.
    package static func leftToDo(_ totals: DomainTotals) -> LocalizedText {
        func count(_ status: MigrationStatus) -> Int64 { totals.counts[status] ?? 0 }
        let figures: [(Int64, (Int64) -> LocalizedText)] = [
            (count(.notStarted), { LocalizedText(en: "\($0) not started", zhCN: "\($0) 个未开始") }),
            (count(.failed), { LocalizedText(en: "\($0) failed", zhCN: "\($0) 个失败") }),
            (count(.inProgress), { LocalizedText(en: "\($0) still moving", zhCN: "\($0) 个搬家中") }),
            (totals.paused, { LocalizedText(en: "\($0) paused", zhCN: "\($0) 个已暂停") }),
            (
                totals.remaining,
                {
                    LocalizedText(
                        en: "\($0) message\($0 == 1 ? "" : "s") only on the old server", zhCN: "\($0) 封邮件仍在原服务器")
                }
            ),
        ]
        let left = figures.filter { $0.0 > 0 }.map { $0.1($0.0) }
        let done = count(.completed)
        guard !left.isEmpty else {
            return LocalizedText(en: "all \(done) accounts have moved", zhCN: "全部 \(done) 个账号已完成搬家")
        }
        return LocalizedText(
            en: "\(done) completed, " + left.map(\.en).joined(separator: ", "),
            zhCN: "\(done) 个完成，" + left.map(\.zhCN).joined(separator: "，"))
    }
}

private enum Texts {
    static let remind = LocalizedText(
        en: "Ask these people to log in with the password they have always had: that starts their move.",
        zhCN: "请提醒这些用户使用原密码登录，登录后即开始搬家。")
    static let remindAfterwards = LocalizedText(
        en:
            "The window is over: extend it (mailmovectl extend) and ask these people to log in, or leave their old mail "
            + "behind.",
        zhCN: "有效期已结束：请延长有效期（mailmovectl extend）并提醒这些用户登录，否则其旧邮件不会搬来。")
    static let endFailures = LocalizedText(
        en: "Look at the reasons of the failures below, then have them tried again (mailmovectl retry).",
        zhCN: "请查看下方的失败原因，处理后重试（mailmovectl retry）。")
    static let endFailuresAfterwards = LocalizedText(
        en:
            "The window is over: see to the reasons of the failures below, extend it (mailmovectl extend), and have them "
            + "tried again.",
        zhCN: "有效期已结束：请处理下方的失败原因，延长有效期（mailmovectl extend）后重试。")
    static let resume = LocalizedText(
        en: "Let the paused accounts go on (mailmovectl resume).", zhCN: "请恢复已暂停的账号（mailmovectl resume）。")
    static let wait = LocalizedText(
        en: "Leave the old server running until these moves are done.", zhCN: "搬家完成之前，请保持原服务器运行。")
    static let finish = LocalizedText(
        en:
            "Everything has arrived. End the migration (mailmovectl disable); after that the old server can be switched "
            + "off.",
        zhCN: "全部邮件均已搬来。请结束搬家（mailmovectl disable），之后可关闭原服务器。")
}
