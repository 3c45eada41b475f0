// SPDX-License-Identifier: Apache-2.0

/// Where an account's move stands.
public enum MigrationStatus: String, Sendable, Codable, CaseIterable {
    case notStarted, inProgress, completed, failed, nonMigrating

    /// As people read it.
    public var text: LocalizedText {
        switch self {
        case .notStarted: LocalizedText(en: "not started", zhCN: "未开始")
        case .inProgress: LocalizedText(en: "moving", zhCN: "搬家中")
        case .completed: LocalizedText(en: "completed", zhCN: "完成")
        case .failed: LocalizedText(en: "failed", zhCN: "失败")
        case .nonMigrating: LocalizedText(en: "not migrating", zhCN: "非搬家账号")
        }
    }
}

/// By what kind of login a move was triggered.
public enum TriggerOrigin: String, Sendable, Codable, CaseIterable {
    case webmail, imap, pop3, smtp, portal, admin, other
}

/// Whether a domain's migration takes logins.
public enum WindowState: String, Sendable, Codable, CaseIterable {
    case active, expired, disabled
}

/// A text for people, in each language the product speaks.
public struct LocalizedText: Hashable, Sendable, Codable {
    public var en: String
    public var zhCN: String

    public init(en: String, zhCN: String) {
        self.en = en
        self.zhCN = zhCN
    }

    enum CodingKeys: String, CodingKey {
        case en
        case zhCN = "zh-CN"
    }
}
