// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AccountFile

private let header = "address,password,displayName\r\n"

@Suite struct ReaderTests {
    private func rows(_ text: String) throws -> [String] { try Reading(text).rows }

    @Test(arguments: [
        // quotes, as RFC 4180 has them, and as it has not
        ("a@x.example,\"p,\"\"q\"\"\",\"Ann, \"\"A\"\"\"", ["2 a@x.example password=p,\"q\" name=Ann, \"A\""]),
        (
            "a@x.example,\"line\r\nbreak\",Ann\nb@x.example,pw,",
            ["2 a@x.example password=line⏎break name=Ann", "4 b@x.example password=pw"]
        ),
        ("a@x.example,p\"q,Ann", ["2 a@x.example password=p\"q name=Ann"]),
        ("a@x.example, \"pw\" ,Ann", ["2 a@x.example password=pw name=Ann"]),
        ("a@x.example,  pw ,  Ann  ", ["2 a@x.example password=  pw  name=Ann"]),
        (" a@x.example\u{A0},pw,\u{3000}Ann\u{200B}", ["2 a@x.example password=pw name=Ann"]),
        // a quote too many costs one row
        (
            "a@x.example,\"pw,Ann\r\nb@x.example,pw,Bob\r\n",
            ["2 a@x.example openQuote", "3 b@x.example password=pw name=Bob"]
        ),
        (
            "a@x.example,\"pw\"x,Ann\r\nb@x.example,pw,Bob\r\n",
            ["2 a@x.example textAfterQuote", "3 b@x.example password=pw name=Bob"]
        ),
        (
            "a@x.example,\"pw,Ann\nb@x.example,\"pw,Bob\nc@x.example,pw,",
            ["2 a@x.example textAfterQuote", "3 b@x.example openQuote", "4 c@x.example password=pw"]
        ),
        ("\"a@x.example,pw,Ann\nb@x.example,pw,Bob", ["2  openQuote", "3 b@x.example password=pw name=Bob"]),
        // fields too many, too few, and none
        ("a@x.example,pw,Ann,,", ["2 a@x.example password=pw name=Ann"]),
        ("a@x.example,p,w,Ann", ["2 a@x.example tooManyFields"]),
        ("a@x.example", ["2 a@x.example"]),
        ("a@x.example,pw", ["2 a@x.example password=pw"]),
        ("\r\n,,\r\n  , ,\t\r\na@x.example,pw,\r\n\r\n\u{1A}", ["5 a@x.example password=pw"]),
        ("a@x.example,****,Ann\nb@x.example,••••••,\n", ["2 a@x.example name=Ann", "3 b@x.example"]),
        // addresses that are none
        ("ann,pw,Ann", ["2 ann invalidAddress"]),
        (",pw,Ann", ["2  invalidAddress"]),
        ("ann,b@x.example,Ann", ["2  invalidAddress"]),
        ("ann,pw", ["2  invalidAddress"]),
        ("\"a,pw\",x,y", ["2  invalidAddress"]),
        ("a\u{7}b,x,y", ["2  invalidAddress"]),
        // line ends of every kind, in one file
        (
            "a@x.example,pw,\rb@x.example,pw,\nc@x.example,pw,\r\nd@x.example,pw,",
            [
                "2 a@x.example password=pw", "3 b@x.example password=pw", "4 c@x.example password=pw",
                "5 d@x.example password=pw",
            ]
        ),
        // NUL, wherever it stands
        (
            "a@x.example,p\0w,Ann\nb@x.example,pw,\0\nc@x.example,\"p\0\",\nd@x.example,pw,",
            ["2 a@x.example nul", "3 b@x.example nul", "4 c@x.example nul", "5 d@x.example password=pw"]
        ),
        ("a@x.example\0,pw,Ann\n\0\nd@x.example,pw,,\0", ["2  nul", "3  nul", "4 d@x.example nul"]),
    ])
    func aRowIsCutAsItWasMeant(_ text: String, _ expected: [String]) throws {
        #expect(try rows(header + text) == expected)
    }

    @Test(arguments: [
        ("\0", "a\0@x"), ("x", "\0"),
    ])
    func aHeaderHoldsNoNUL(_ name: String, _ other: String) {
        #expect(throws: AccountFileError.nulInHeader) {
            try Reading("address,password,\(name)\0\na@x.example,pw,\(other)\n")
        }
    }

    @Test(arguments: [
        // Without a header the first column that holds addresses is the address, and nothing else is guessed.
        ("a@x.example,secret\nb@x.example,secret", [": address; : -"], ["1 a@x.example", "2 b@x.example"]),
        ("7|Ann|a@x.example|secret", [": -; : -; : address; : -"], ["1 a@x.example"]),
        ("Ann|a@x.example", [": -; : address"], ["1 a@x.example"]),
        ("ann,secret\nb@x.example,secret", [": address; : -"], ["1 ann invalidAddress", "2 b@x.example"]),
        ("secret,ann\nb@x.example,secret", [": address; : -"], ["1 secret invalidAddress", "2 b@x.example"]),
        ("adress,pasword\na@x.example,secret", [": address; : -"], ["1 adress invalidAddress", "2 a@x.example"]),
        ("a@x.example,\"secret\nb@x.example,x", [": address; : -"], ["1 a@x.example openQuote", "2 b@x.example"]),
        ("me@a.example;a@x.example\nb@x.example;c@x.example", [": address; : -"], ["1 me@a.example", "2 b@x.example"]),
        // A header that names no address: the column is found, unless it is known to be something else.
        (
            "Mailadresse,Password\na@x.example,secret-1", ["Mailadresse: address; Password: password"],
            ["2 a@x.example password=secret-1"]
        ),
        (
            "Password,who\np@x.example,a@x.example", ["Password: password; who: address"],
            ["2 a@x.example password=p@x.example"]
        ),
        (
            "Name,Password,Quota\na@x.example,secret-1,", ["Name: address; Password: password; Quota: quotaOctets"],
            ["2 a@x.example password=secret-1"]
        ),
        // One word is enough where addresses stand below it.
        ("Login;Department\na@x.example;Sales", ["Login: address; Department: -"], ["2 a@x.example"]),
        ("帐号,部门\n\na@x.example,研发", ["帐号: address; 部门: -"], ["3 a@x.example"]),
        (
            "login;secret\n;Sales\na@x.example;x", [": address; : -"],
            ["1 login invalidAddress", "2  invalidAddress", "3 a@x.example"]
        ),
        // Of two columns the better one counts.
        (
            "Login,Email,Name,Display Name\nann,a@x.example,a,Ann",
            ["Login: -; Email: address; Name: -; Display Name: displayName"], ["2 a@x.example name=Ann"]
        ),
        (
            "User Name,Domain\nann,@x.example\nb@y.example,x.example", ["User Name: localPart; Domain: domain"],
            ["2 ann@x.example", "3 b@y.example"]
        ),
        (
            "Email,Password Hash\na@x.example, {NONE}secret ", ["Email: address; Password Hash: passwordHash"],
            ["2 a@x.example hash={NONE}secret"]
        ),
    ])
    func aColumnMeansWhatItsHeaderSays(_ text: String, _ columns: [String], _ rows: [String]) throws {
        let reading = try Reading(text)
        #expect([reading.columns] == columns)
        #expect(reading.rows == rows)
    }

    @Test(arguments: [
        ("address,password,password\na@x.example,p,p", AccountFileError.ambiguousColumns(.password)),
        ("E-Mail,email\na@x.example,a@x.example", .ambiguousColumns(.address)),
        ("Password\nsecret", .noAddressColumn), ("secret,Ann\nsecret,Bob", .noAddressColumn), ("", .empty),
        ("\n\n,,\n", .empty),
    ])
    func aFileThatCannotBeReadSaysWhy(_ text: String, _ error: AccountFileError) {
        #expect(throws: error) { try Reading(text) }
    }

    @Test func aHeaderAloneIsAFileWithoutAccounts() throws {
        #expect(try Reading("\u{FEFF}Email;Password\r\n").text == "UTF-8 ;\nEmail: address; Password: password\n")
    }

    @Test func aHashInAColumnOfPasswordsIsTakenForOne() throws {
        let hash = "$6$abcdefgh$" + String(repeating: ".", count: 86)
        #expect(try rows(header + "a@x.example,\(hash),") == ["2 a@x.example hash=\(hash)"])
        #expect(try rows(header + "a@x.example,{CRYPT}\(hash),") == ["2 a@x.example hash={CRYPT}\(hash)"])
        #expect(
            try rows(header + "a@x.example,$6$abcdefgh$secret-secret,") == [
                "2 a@x.example password=$6$abcdefgh$secret-secret"
            ])
    }

    @Test func noRowIsTooLongAndNoFileHasTooManyRows() throws {
        let wide = "a@x.example" + String(repeating: ",", count: 5000) + "x"
        #expect(try rows("7,\(wide)\n8,b@x.example\n") == ["1 a@x.example tooManyFields", "2 b@x.example"])
        #expect(
            try rows(header + "a@x.example,pw,\(String(repeating: "n", count: 1001))") == ["2 a@x.example nameTooLong"])
        let many = Array(String(repeating: "a\n", count: AccountFile.mostRows + 1).utf8)
        #expect(throws: AccountFileError.tooManyRows) { try Reading(Array("Email\n".utf8) + many) }
        // Scanning back from each quote would take hours.
        let quotes = Array(String(repeating: "a@x.example,\"x\n", count: 20_000).utf8)
        #expect(try Reading(Array(header.utf8) + quotes).rows.count == 20_000)
    }
}

@Suite struct QuotaTests {
    @Test(
        arguments: [
            ("1073741824", 1 << 30), ("0", 0), ("1K", 1024), ("1 kb", 1024), ("500M", 500 << 20), ("500MB", 500 << 20),
            ("2g", 2 << 30),
            ("2 GiB", 2 << 30), ("1T", 1 << 40), ("1.5 GB", 3 << 29), ("1,5 GB", 3 << 29), ("1,024 MB", 1 << 30),
            ("1,234,567", 1_234_567),
            ("49.5 GB (53,150,220,288 bytes)", 53_150_220_288), (" 10 B ", 10), ("10 bytes", 10), ("0.5k", 512),
            ("8191P", nil), ("9223372036854775807", .max),
            ("9223372036854775808", nil), ("9999999T", nil), ("-1", nil), ("1.5", nil), ("1.2.3G", nil), ("G", nil),
            ("secret", nil), ("1GG", nil), (".5G", nil), ("5.", nil),
            ("1e3", nil), ("0x10", nil), ("1,5", nil), ("٣", nil),
        ] as [(String, Int64?)])
    func aQuotaHasAUnit(_ text: String, _ octets: Int64?) {
        #expect(Quota(text, unit: 1) == octets.map { .octets($0) })
    }

    @Test(arguments: ["", " ", "-", "Unlimited", "none", "∞", "无限制", "不限"])
    func noLimitIsNoQuota(_ text: String) { #expect(Quota(text, unit: 1) == .unlimited) }

    @Test(arguments: [
        ("Quota (MB)", "5", 5 << 20), ("容量（G）", "5", 5 << 30), ("quota_mb", "5", 5 << 20), ("Quota/KB", "5", 5 << 10),
        ("配额(MB)", "5G", 5 << 30), ("Quota", "5", 5),
    ])
    func theHeaderMayHaveTheUnit(_ name: String, _ value: String, _ octets: Int) throws {
        #expect(try Reading("Email;\(name)\na@x.example;\(value)").rows == ["2 a@x.example quota=\(octets)"])
    }

    @Test func whatIsNoQuotaRejectsTheRow() throws {
        #expect(try Reading("Email;Quota;Password\na@x.example;secret;5").rows == ["2 a@x.example noQuota"])
    }
}
