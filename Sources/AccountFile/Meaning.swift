// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What a column says about an account.
public typealias Meaning = ColumnMeaning

/// A column of the file.
public struct Column: Sendable, Hashable {
    /// As the header has it.
    public var name: String
    /// nil: it is ignored.
    public var meaning: Meaning?
}

/// The words that known panels and exports put above their columns.
struct HeaderWord {
    var meaning: Meaning
    /// Of two words with one meaning, the one of lower rank counts.
    var rank: Int
    /// Whether its meaning is clear even if nothing else is known.
    var isPlain: Bool
    /// The factor for a number without a unit.
    var unit: Int64 = 1

    /// nil if the text above a column is not known.
    init?(_ header: String) {
        let (word, remark) = Self.parts(of: header)
        if let found = Self.words[word] {
            self = found
        } else if let unit = Quota.units.keys.first(where: { word.count > 2 && word.hasSuffix("\($0)b") }),
            let found = Self.words[String(word.dropLast(2))], found.meaning == .quotaOctets
        {
            self = found
            self.unit = Quota.units[unit] ?? 1
        } else {
            return nil
        }
        if meaning == .quotaOctets, let unit = Quota.unit(remark) { self.unit = unit }
    }

    /// Letters and digits only, in lower case; separately, the text in brackets or after a slash.
    private static func parts(of header: String) -> (word: String, remark: String) {
        var word = ""
        var remark = ""
        var isRemark = false
        guard header.utf8.count <= 200 else { return ("", "") }
        for scalar in header.lowercased().unicodeScalars {
            switch scalar {
            case "(", "[", "{", "（", "【", "［", "〔", "<": isRemark = true
            case ")", "]", "}", "）", "】", "］", "〕", ">": isRemark = false
            case "/" where !word.isEmpty, "／" where !word.isEmpty: isRemark = true
            default:
                guard scalar.properties.isAlphabetic || scalar.properties.numericType != nil else { continue }
                if isRemark { remark.unicodeScalars.append(scalar) } else { word.unicodeScalars.append(scalar) }
            }
        }
        return (word, remark)
    }

    private static let words: [String: HeaderWord] = {
        var words: [String: HeaderWord] = [:]
        func add(_ meaning: Meaning, plain isPlain: Bool = true, _ names: String) {
            for name in names.split(separator: " ") where words[String(name)] == nil {
                // Nobody is called 帐号 or "username".
                let isPlain = isPlain || name.utf8.count >= 8 || !name.utf8.allSatisfy { $0 < 0x80 }
                words[String(name)] = HeaderWord(meaning: meaning, rank: words.count, isPlain: isPlain)
            }
        }
        // Exchange (Get-Mailbox), Google Workspace, Zimbra; then what all the others say.
        add(
            .address,
            """
            primarysmtpaddress primaryemailaddress primaryemail primaryaddress zimbramaildeliveryaddress \
            邮箱地址 邮箱帐号 邮箱账号 电子邮件地址 电子邮箱地址 邮件地址 企业邮箱 电子邮箱 邮箱 电子邮件 \
            郵箱地址 郵箱帳號 電子郵件地址 電子郵箱 郵箱 電子郵件 邮箱名 邮箱名称 \
            emailaddress email mailaddress emailaccount mailaccount accountaddress mailbox mail address \
            userprincipalname windowsemailaddress windowsliveid
            """)
        // User names, which may be addresses: they count if there is nothing better.
        add(
            .localPart, plain: false,
            """
            localpart loginname loginid login logonname account accountname accountid userid username useraccount user uid \
            samaccountname 登录帐号 登录账号 登录名 登录名称 用户帐号 用户账号 成员帐号 成员账号 员工帐号 员工账号 帐号 账号 帐户 账户 帐号名 账号名 \
            帐户名 账户名 用户名 用户id 用户 帳號 帳戶 使用者名稱 用戶名
            """)
        add(.domain, plain: false, "domainname domain maildomain emaildomain 邮箱域名 域名 邮件域 域 所属域 所属域名 網域 網域名稱")
        add(
            .password,
            """
            password passwd userpassword accountpassword mailpassword emailpassword initialpassword newpassword \
            loginpassword plainpassword passphrase pwd pass 密码 邮箱密码 登录密码 登陆密码 初始密码 用户密码 帐号密码 账号密码 \
            新密码 明文密码 口令 密碼
            """)
        add(.passwordHash, "passwordhash hashedpassword encryptedpassword cryptpassword pwhash 密码哈希 密码散列 加密密码")
        add(
            .displayName, plain: false,
            """
            displayname fullname realname truename commonname cn 显示名称 显示名 姓名 真实姓名 用户姓名 成员姓名 员工姓名 中文姓名 中文名 名称 \
            用户名称 昵称 顯示名稱 名稱 name nickname
            """)
        add(.givenName, plain: false, "givenname firstname forename 名字 名")
        add(.familyName, plain: false, "familyname lastname surname sn 姓氏 姓")
        add(
            .quotaOctets, plain: false,
            """
            quotaoctets mailboxquota mailquota diskquota storagequota quotalimit quotasize userquota zimbramailquota \
            prohibitsendreceivequota prohibitsendquota quota accountmaxsize maxsize mailboxlimit storagelimit \
            maxmailboxsize 邮箱容量 邮箱空间 空间配额 邮箱配额 容量 配额 磁盘配额 空间大小 容量大小 容量上限 空间 郵箱容量 配額
            """)
        // hMailServer keeps it in megabytes.
        words["accountmaxsize"]?.unit = 1 << 20
        return words
    }()

    private init(meaning: Meaning, rank: Int, isPlain: Bool) {
        self.meaning = meaning
        self.rank = rank
        self.isPlain = isPlain
    }
}
