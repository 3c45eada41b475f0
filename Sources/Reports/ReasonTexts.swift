// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

extension Reason {
    /// What has happened, in a few words, as a report's heading.
    package var heading: LocalizedText {
        switch self {
        case .credentialsRejected:
            LocalizedText(en: "Password not accepted by the old server", zhCN: "原服务器不接受密码")
        case .oldServerUnreachable: LocalizedText(en: "Old server could not be reached", zhCN: "无法连接原服务器")
        case .oldServerUntrusted:
            LocalizedText(en: "No secure connection to the old server", zhCN: "无法与原服务器建立安全连接")
        case .oldServerProtocol: LocalizedText(en: "Old server's answers made no sense", zhCN: "原服务器应答异常")
        case .secureAuthenticationUnavailable:
            LocalizedText(en: "Old server offers no secure login", zhCN: "原服务器不支持安全登录")
        case .mailboxInUse: LocalizedText(en: "Old mailbox in use", zhCN: "原邮箱正在被使用")
        case .messagesRefused: LocalizedText(en: "Some messages could not be fetched", zhCN: "部分邮件无法取得")
        case .interrupted: LocalizedText(en: "Interrupted", zhCN: "搬家被中断")
        case .mailStoreUnavailable: LocalizedText(en: "New mailbox could not take mail", zhCN: "新邮箱无法写入")
        case .databaseUnavailable: LocalizedText(en: "Database not available", zhCN: "数据库不可用")
        case .directoryUnavailable: LocalizedText(en: "Accounts could not be read", zhCN: "无法读取平台账号")
        case .nonMigratingAccount:
            LocalizedText(en: "Not known to the old server", zhCN: "原服务器没有该账号")
        case .overloaded: LocalizedText(en: "Too many logins at that moment", zhCN: "当时登录过多")
        default: text
        }
    }

    /// What an administrator does about it.
    public var action: LocalizedText {
        switch self {
        case .credentialsRejected:
            LocalizedText(
                en:
                    "Ask these people for the password that the old server knows now: they enter it on the home page, and "
                    + "the move goes on.",
                zhCN: "请这些用户在主页输入原服务器上现在的密码，之后搬家会继续。")
        case .oldServerUnreachable:
            LocalizedText(
                en: "See that the old server runs and that firewalls let this machine through (mailmovectl verify).",
                zhCN: "请确认原服务器正在运行，且防火墙允许本机访问（mailmovectl verify）。")
        case .oldServerUntrusted:
            LocalizedText(
                en: "Check the old server's certificate; if it is self-signed, pin it (mailmovectl verify shows how).",
                zhCN: "请检查原服务器的证书；若为自签名证书，请固定其指纹（mailmovectl verify）。")
        case .oldServerProtocol:
            LocalizedText(
                en: "Try the old server out (mailmovectl verify), and check its port and protocol.",
                zhCN: "请检测原服务器（mailmovectl verify），并核对端口和协议。")
        case .secureAuthenticationUnavailable:
            LocalizedText(
                en: "Use TLS with a verified certificate, or allow plain logins for this domain.",
                zhCN: "请使用证书经校验的加密连接，或允许该域使用普通登录。")
        case .mailboxInUse:
            LocalizedText(
                en: "Nothing: it is tried again when the old mailbox is free. If it lasts, close other mail programs.",
                zhCN: "无需处理：原邮箱空闲后会自动重试；若长时间如此，请关闭其他邮件程序。")
        case .messagesRefused:
            LocalizedText(
                en:
                    "The events name these messages (mailmovectl events). Look at them on the old server, then try again.",
                zhCN: "事件中列有这些邮件（mailmovectl events）。请在原服务器上查看，然后重试。")
        case .interrupted:
            LocalizedText(
                en: "Ask these people to log in once more: the move goes on where it was.",
                zhCN: "请这些用户再登录一次，搬家会从中断处继续。")
        case .mailStoreUnavailable:
            LocalizedText(
                en: "See that the mail store is mounted, has room and may be written to, then try again.",
                zhCN: "请确认邮件存储已挂载、有空间且可写，然后重试。")
        case .directoryUnavailable:
            LocalizedText(
                en: "See that the platform's account database answers; the users only log in again.",
                zhCN: "请确认平台的账号数据库可用，用户重新登录即可。")
        case .databaseUnavailable:
            LocalizedText(
                en: "See that the database's disk has room; moves then go on by themselves.",
                zhCN: "请确认数据库所在磁盘有空间，之后会自动继续。")
        default: advice
        }
    }
}

extension WaitingReason {
    /// In a few words.
    package var heading: LocalizedText {
        switch self {
        case .noLogin: LocalizedText(en: "Has not logged in yet", zhCN: "尚未登录")
        case .paused: LocalizedText(en: "Paused by the administrator", zhCN: "已被管理员暂停")
        case .failed(let reason): reason.heading
        }
    }
}
