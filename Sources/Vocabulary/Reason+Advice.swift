// SPDX-License-Identifier: Apache-2.0

extension Reason {
    /// What happened and what can be done about it, for the administrator.
    public var advice: LocalizedText {
        switch self {
        case .credentialsRejected:
            LocalizedText(
                en: "The old server rejects the password; does it know the user by this name (--user-without-domain)?",
                zhCN: "原服务器拒绝了该密码；请确认用户名格式（--user-without-domain）。")
        case .oldServerUnreachable:
            LocalizedText(
                en: "The old server cannot be reached, or does not answer: see that it runs, and look at host, port, "
                    + "security and firewalls (mailmovectl verify).",
                zhCN: "无法连接原服务器或其没有应答：请检查服务器、主机、端口、加密方式和防火墙（mailmovectl verify）。")
        case .oldServerUntrusted:
            LocalizedText(
                en:
                    "TLS to the old server fails, or its certificate is not trusted; nothing was sent (mailmovectl verify).",
                zhCN: "与原服务器的 TLS 失败，或证书不受信任；没有发送任何内容（mailmovectl verify）。")
        case .oldServerProtocol:
            LocalizedText(
                en: "The old server's answers make no sense, or it takes no login this way (mailmovectl verify).",
                zhCN: "原服务器的应答异常，或不接受此种登录（mailmovectl verify）。")
        case .secureAuthenticationUnavailable:
            LocalizedText(
                en: "The old server offers no way to log in unseen: use TLS with a verified certificate, or go without "
                    + "--secure-auth.",
                zhCN: "原服务器不支持安全登录方式：请使用证书经校验的 TLS，或取消 --secure-auth。")
        case .mailboxInUse:
            LocalizedText(
                en: "The old mailbox is in use, or its server asks to come back later.",
                zhCN: "原邮箱正在被使用，或原服务器要求稍后再来。")
        case .messagesRefused:
            LocalizedText(
                en: "The old server would not give some messages, which the events name; the next run asks again.",
                zhCN: "原服务器拒绝提供部分邮件（见事件），下次运行会再次尝试。")
        case .oldServerThrottled:
            LocalizedText(
                en: "The old server gives no more for now, and asks for a pause; it is asked again by itself. Its "
                    + "administrator may let this machine have more.",
                zhCN: "原服务器暂时限制访问，系统稍后会自动重试；可请其管理员放宽对本机的限制。")
        case .masterRejected:
            LocalizedText(
                en:
                    "The old server does not let the master user in: see its name, its password and oldServer.master's form.",
                zhCN: "原服务器拒绝了主用户：请检查其用户名、密码以及 oldServer.master 的形式。")
        case .interrupted:
            LocalizedText(
                en: "The move was interrupted and its password is gone; the next login goes on.",
                zhCN: "搬家被中断且密码已清除；下次登录后继续。")
        case .mailStoreUnavailable:
            LocalizedText(
                en: "The mail store takes no mail: see its file system, space and rights.",
                zhCN: "邮件存储无法写入：请检查文件系统、空间和权限。")
        case .databaseUnavailable:
            LocalizedText(
                en: "The database does not answer: see its file system and space.", zhCN: "数据库不可用：请检查文件系统和空间。")
        case .directoryUnavailable:
            LocalizedText(
                en: "The platform's own accounts cannot be read or changed: mailmovectl verify-accounts tells why.",
                zhCN: "无法读取或更改平台自身的账号：mailmovectl verify-accounts 会说明原因。")
        case .accountsElsewhere:
            LocalizedText(
                en: "Accounts and passwords are the platform's own (accounts.kind): change them there.",
                zhCN: "账号和密码属于平台自身（accounts.kind）：请在平台上更改。")
        case .migrationExpired:
            LocalizedText(
                en: "The window has ended; enabling the migration again opens a new one.", zhCN: "有效期已过；重新开启搬家即可。")
        case .migrationNotEnabled:
            LocalizedText(en: "The migration of the domain is not enabled.", zhCN: "该域未开启邮箱搬家。")
        case .nonMigratingAccount:
            LocalizedText(
                en: "The account does not move: by the known or excluded accounts, or because the old server does not "
                    + "know it.",
                zhCN: "非搬家账号：依据已知或排除账号清单，或原服务器没有该用户。")
        case .forbidden, .tooManyAttempts, .overloaded, .shuttingDown, .accountNotFound: text
        }
    }
}
