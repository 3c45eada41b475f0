// SPDX-License-Identifier: Apache-2.0

import AccountFile
import Vocabulary

/// A file of accounts, however broken: rows are in order, each is an account or says what is wrong, and what is told of
/// a bad one is an address or looks like a word.
func fuzzAccounts(_ input: Input) {
    var input = input
    let encodings: [String?] = [nil, nil, nil, "UTF-8", "UTF-16", "GB18030", "BIG5", "SHIFT_JIS", "WINDOWS-1252"]
    let encoding = encodings[input.number(below: encodings.count)]
    func read() -> AccountFile? { input.rest.withUnsafeBytes { try? AccountFile($0, encoding: encoding) } }
    guard var file = read() else { return }
    let again = read()
    hold(again?.columns == file.columns && again?.separator == file.separator, "a file is read the same each time")
    hold(file.columns.contains { $0.meaning == .address || $0.meaning == .localPart }, "there is a column of addresses")
    var line = 0
    while let entry = try? file.next() {
        switch entry {
        case .row(let row):
            hold(row.line > line, "rows have lines of their own")
            line = row.line
            hold((try? EmailAddress(row.address)) != nil, "an account has an address")
            hold((row.quotaOctets ?? 0) >= 0, "a quota is a size")
            hold(row.password?.count != 0 && row.passwordHash?.isEmpty != true, "what is empty is not there")
            hold(row.displayName.map { !$0.utf8.isEmpty && $0.utf8.count <= 1000 } ?? true, "a name is not endless")
        case .rejected(let row):
            hold(row.line > line, "rejected rows have, too")
            line = row.line
            hold(row.address.utf8.count <= 320, "what is shown of it is short")
            let isAddress = (try? EmailAddress(row.address)) != nil
            hold(isAddress || !row.address.contains { ",;|\"\t\r\n\0".contains($0) }, "… and one field at most")
        }
    }
}
