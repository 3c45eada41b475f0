// SPDX-License-Identifier: Apache-2.0

import AccountFile
import Accounts
import MailMoveAPI
import Vocabulary

// Texts about a rejected row. None repeats the row's content, which may be a password.
extension ImportedAccounts.Rejection {
    init(_ rejection: ImportOutcome.Rejection, in language: Language) {
        let (reason, english, chinese) =
            switch rejection.fault {
            case .row(let fault): Self.explained(fault)
            case .account(let reason, let detail): Self.explained(reason, detail)
            }
        self.init(
            line: rejection.line, address: rejection.address, reason: reason,
            detail: language == .chinese ? chinese : english)
    }

    private typealias Explanation = (reason: Reason, english: String, chinese: String)

    private static func explained(_ fault: RowFault) -> Explanation {
        switch fault {
        case .openQuote: (.invalidRow, "a quote is opened and never closed", "引号没有结束")
        case .textAfterQuote:
            (
                .invalidRow,
                "text follows a closing quote; a field in quotes ends with one, and quotes inside are doubled",
                "引号之后有多余的文字；字段应以引号结束，其中的引号须写两遍"
            )
        case .nul: (.invalidRow, "it holds a NUL", "含有 NUL 字符")
        case .tooManyFields:
            (
                .invalidRow,
                "it has more fields than the header; a field with a separator in it has to be quoted",
                "字段多于表头；含有分隔符的字段须加引号"
            )
        case .noQuota:
            (
                .invalidRow, "its quota is no size such as 1073741824, 500M or 1.5 GB",
                "容量不是有效的大小（如 1073741824、500M、1.5 GB）"
            )
        case .nameTooLong: (.invalidRow, "its display name is over 1000 octets", "姓名超过 1000 字节")
        case .invalidAddress(let detail): (.invalidAddress, detail, "不是有效的邮箱地址（应为 name@domain）")
        case .encodingUncertain:
            (
                .encodingUncertain,
                """
                its password is not ASCII, and the file's encoding had to be guessed; name it (encoding), or save the \
                file as UTF-8
                """,
                "密码含有非 ASCII 字符，而文件编码是猜测的；请指明编码（encoding），或将文件另存为 UTF-8"
            )
        }
    }

    private static func explained(_ reason: CreationOutcome.Rejection.Reason, _ detail: String) -> Explanation {
        switch reason {
        case .invalidAddress: (reason, detail, "不是有效的邮箱地址（应为 name@domain）")
        case .weakPassword: (reason, detail, "密码太弱：须为 8 个字符以上，不超过 511 字节，不含换行，且不同于 @ 前的部分")
        case .missingPassword:
            (
                reason, "it has no password; fill one in, or have passwords generated",
                "没有密码；请填写，或选择自动生成密码"
            )
        case .unsupportedHash:
            (
                reason,
                """
                its password hash is none of {CRYPT}, {BLF-CRYPT}, {SHA512-CRYPT}, {SHA256-CRYPT} and {MD5-CRYPT}, or it \
                has a password too
                """,
                "密码散列不是 {CRYPT}、{BLF-CRYPT}、{SHA512-CRYPT}、{SHA256-CRYPT}、{MD5-CRYPT} 之一，或同时给出了密码"
            )
        case .exists: (reason, "there is such an account already", "账号已存在")
        case .duplicateInRequest: (reason, "an earlier row has the same address", "前面已有相同地址的行")
        case .invalidRow: (reason, "it cannot be taken for an account", "该行不能作为账号")
        case .encodingUncertain: (reason, detail, "文件编码不确定")
        case .accountsElsewhere: (reason, detail, "账号属于平台自身：行中只需地址，密码请在平台上设置")
        case .notInDirectory: (reason, detail, "平台上没有该账号")
        }
    }
}
