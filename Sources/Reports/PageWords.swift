// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// The words of a page that are always the same. The template names them `words.title` and so on.
struct PageWords: Sendable {
    var title = ""
    var accounts = ""
    var complete = ""
    var messages = ""
    var messagesColumn = ""
    var volume = ""
    var remaining = ""
    var byDay = ""
    var byDayLegend = ""
    var byHour = ""
    var byHourLegend = ""
    var nothingMoved = ""
    var leftToDo = ""
    var failures = ""
    var reason = ""
    var whatToDo = ""
    var notStarted = ""
    var name = ""
    var address = ""
    var why = ""
    var lastAttempt = ""
    var largest = ""
    var size = ""
    var count = ""

    init(_ language: PageLanguage) {
        switch language {
        case .english:
            title = "Mailbox migration"
            accounts = "mailboxes"
            complete = "complete"
            messages = "messages moved"
            messagesColumn = "Messages"
            volume = "of mail moved"
            remaining = "messages still on the old server"
            byDay = "Day by day"
            byDayLegend = "Bars: messages moved on each day. Line: messages moved so far."
            byHour = "Hour by hour"
            byHourLegend = "Messages moved in each hour."
            nothingMoved = "Nothing has been moved yet."
            leftToDo = "What is left to do"
            failures = "What went wrong"
            reason = "Reason"
            whatToDo = "What to do"
            notStarted = "Not started yet"
            name = "Name"
            address = "Address"
            why = "Why"
            lastAttempt = "Last attempt"
            largest = "Largest mailboxes"
            size = "Size"
            count = "Accounts"
        case .chinese:
            title = "邮箱搬家报告"
            accounts = "个邮箱"
            complete = "已完成"
            messages = "封邮件已搬"
            messagesColumn = "邮件数"
            volume = "邮件数据已搬"
            remaining = "封邮件仍在原服务器"
            byDay = "每日进度"
            byDayLegend = "柱形：当日搬来的邮件数；折线：累计搬来的邮件数。"
            byHour = "每小时进度"
            byHourLegend = "每小时搬来的邮件数。"
            nothingMoved = "尚未搬来任何邮件。"
            leftToDo = "待办事项"
            failures = "失败情况"
            reason = "原因"
            whatToDo = "处理方法"
            notStarted = "尚未开始的账号"
            name = "姓名"
            address = "邮箱地址"
            why = "原因"
            lastAttempt = "最近一次尝试"
            largest = "最大的邮箱"
            size = "大小"
            count = "账号数"
        }
    }
}

extension MigrationStatus {
    /// As a legend names it.
    var legend: LocalizedText {
        switch self {
        case .completed: LocalizedText(en: "complete", zhCN: "完成")
        case .inProgress: LocalizedText(en: "moving", zhCN: "搬家中")
        case .failed: LocalizedText(en: "failed", zhCN: "失败")
        case .notStarted: LocalizedText(en: "not started", zhCN: "未开始")
        case .nonMigrating: LocalizedText(en: "not migrating", zhCN: "非搬家账号")
        }
    }
}

extension ReportTask.Kind {
    /// Which accounts it is about.
    var legend: LocalizedText {
        switch self {
        case .notStarted: MigrationStatus.notStarted.legend
        case .failed: MigrationStatus.failed.legend
        case .inProgress: MigrationStatus.inProgress.legend
        case .paused: LocalizedText(en: "paused", zhCN: "已暂停")
        case .finish: MigrationStatus.completed.legend
        }
    }
}

extension TriggerOrigin {
    /// By what kind of login, as a table shows it.
    var legend: LocalizedText {
        switch self {
        case .webmail: LocalizedText(en: "webmail", zhCN: "网页邮箱")
        case .imap: LocalizedText(en: "IMAP", zhCN: "IMAP")
        case .pop3: LocalizedText(en: "POP", zhCN: "POP")
        case .smtp: LocalizedText(en: "SMTP", zhCN: "SMTP")
        case .portal: LocalizedText(en: "home page", zhCN: "主页")
        case .admin: LocalizedText(en: "administrator", zhCN: "管理员")
        case .other: LocalizedText(en: "login", zhCN: "登录")
        }
    }
}
