// SPDX-License-Identifier: Apache-2.0

/// Why something was not done: the reasons of the contract, each with its JSON-RPC code.
public enum Reason: String, Error, Sendable, Codable, CaseIterable {
    case forbidden, tooManyAttempts, overloaded, shuttingDown
    case accountNotFound, accountsElsewhere
    case migrationNotEnabled, migrationExpired, nonMigratingAccount
    case credentialsRejected, oldServerUnreachable, oldServerUntrusted, oldServerProtocol
    case secureAuthenticationUnavailable, mailboxInUse, messagesRefused, oldServerThrottled, masterRejected
    case interrupted
    case mailStoreUnavailable, databaseUnavailable, directoryUnavailable

    /// The JSON-RPC error code; nil for `interrupted`, which only a status carries.
    public var code: Int? {
        switch self {
        case .forbidden: -32001
        case .tooManyAttempts: -32002
        case .overloaded: -32003
        case .shuttingDown: -32004
        case .accountNotFound: -32010
        case .accountsElsewhere: -32011
        case .migrationNotEnabled: -32020
        case .migrationExpired: -32021
        case .nonMigratingAccount: -32022
        case .credentialsRejected: -32030
        case .oldServerUnreachable: -32031
        case .oldServerUntrusted: -32032
        case .oldServerProtocol: -32033
        case .secureAuthenticationUnavailable: -32034
        case .mailboxInUse: -32035
        case .messagesRefused: -32036
        case .oldServerThrottled: -32037
        case .masterRejected: -32038
        case .interrupted: nil
        case .mailStoreUnavailable: -32040
        case .databaseUnavailable: -32041
        case .directoryUnavailable: -32042
        }
    }

    /// Whether the same may succeed later with nothing changed.
    public var isRetryable: Bool {
        switch self {
        case .tooManyAttempts, .overloaded, .shuttingDown, .oldServerUnreachable, .oldServerProtocol, .mailboxInUse,
            .messagesRefused, .oldServerThrottled, .interrupted, .mailStoreUnavailable, .databaseUnavailable,
            .directoryUnavailable:
            true
        case .forbidden, .accountNotFound, .accountsElsewhere, .migrationNotEnabled, .migrationExpired,
            .nonMigratingAccount,
            .credentialsRejected, .oldServerUntrusted, .secureAuthenticationUnavailable, .masterRejected:
            false
        }
    }

    /// What happened and what to do, for the person concerned. It promises nothing: whether something is tried again by
    /// itself depends on the account.
    public var text: LocalizedText {
        switch self {
        case .forbidden:
            LocalizedText(
                en: "This socket may not call that method; use the admin socket.", zhCN: "此套接字无权调用该方法，请使用管理套接字。")
        case .tooManyAttempts:
            LocalizedText(en: "Too many wrong passwords. Please try again later.", zhCN: "密码错误次数过多，请稍后再试。")
        case .overloaded:
            LocalizedText(en: "The service is busy. Please try again in a moment.", zhCN: "服务繁忙，请稍后再试。")
        case .shuttingDown:
            LocalizedText(en: "The service is restarting. Please try again in a moment.", zhCN: "服务正在重启，请稍后再试。")
        case .accountNotFound:
            LocalizedText(en: "There is no such account.", zhCN: "该账号不存在。")
        case .accountsElsewhere:
            LocalizedText(en: "Accounts are kept by the mail platform itself.", zhCN: "账号由邮件平台自身管理。")
        case .migrationNotEnabled:
            LocalizedText(en: "Mail migration is not enabled for this domain.", zhCN: "该域未开启邮箱搬家，请联系管理员。")
        case .migrationExpired:
            LocalizedText(en: "The migration period of this domain is over.", zhCN: "该域的邮箱搬家已过期，请联系管理员。")
        case .nonMigratingAccount:
            LocalizedText(en: "This account is not part of the migration.", zhCN: "该账号为非搬家账号。")
        case .credentialsRejected:
            LocalizedText(
                en: "The move has not started. Please check the account and the password with your administrator.",
                zhCN: "未开始搬家，请您与管理员核实账号和密码。")
        case .oldServerUnreachable:
            LocalizedText(
                en: "The old mail server cannot be reached. Please try again later.", zhCN: "无法连接原邮件服务器，请稍后再试。")
        case .oldServerUntrusted:
            LocalizedText(
                en: "There is no secure connection to the old mail server. Please contact your administrator.",
                zhCN: "无法与原邮件服务器建立安全连接，请联系管理员。")
        case .oldServerProtocol:
            LocalizedText(
                en: "The old mail server gave an answer that makes no sense. Please try again later.",
                zhCN: "原邮件服务器的应答异常，请稍后再试。")
        case .secureAuthenticationUnavailable:
            LocalizedText(
                en: "The old mail server offers no secure way to log in. Please contact your administrator.",
                zhCN: "原邮件服务器不支持安全登录方式，请联系管理员。")
        case .mailboxInUse:
            LocalizedText(en: "The old mailbox is in use. Please try again later.", zhCN: "原邮箱正在被使用，请稍后再试。")
        case .messagesRefused:
            LocalizedText(
                en: "The old mail server would not give some messages. Please try again later.",
                zhCN: "原邮件服务器拒绝提供部分邮件，请稍后再试。")
        case .oldServerThrottled:
            LocalizedText(
                en: "The old mail server asks for a pause. Please try again later.", zhCN: "原邮件服务器限制了访问速度，请稍后再试。")
        case .masterRejected:
            LocalizedText(
                en: "The move of your old mail has not started. Please contact your administrator.",
                zhCN: "邮箱搬家未开始，请联系管理员。")
        case .interrupted:
            LocalizedText(
                en: "The move was interrupted. It goes on with the next login.", zhCN: "搬家被中断，下次登录后将继续。")
        case .mailStoreUnavailable:
            LocalizedText(
                en: "The new mailbox cannot take mail at the moment. Please try again later.",
                zhCN: "新邮箱暂时无法写入邮件，请稍后再试。")
        case .databaseUnavailable:
            LocalizedText(
                en: "The service's database is not available. Please try again later.", zhCN: "服务数据库暂不可用，请稍后再试。")
        case .directoryUnavailable:
            LocalizedText(
                en: "The accounts cannot be read at the moment. Please try again later.", zhCN: "暂时无法读取账号，请稍后再试。")
        }
    }
}
