// SPDX-License-Identifier: Apache-2.0

public import MessageContent
public import Records
import Secrets

extension ContentKey {
    /// The key for content hashes: created once and never changed. A ledger from before there was a choice keeps
    /// BLAKE2b; under any other form nothing in it would be recognised.
    /// - Throws: `RecordsError`, `SecretsError`.
    public static func kept(in records: any Records) async throws -> ContentKey {
        let fresh = [keyName: KeyedHash.randomKey(), formName: Array(Form.poly1305.rawValue.utf8)]
        let kept = try await records.kept(orElse: fresh)
        return try ContentKey(kept[keyName] ?? [], named: kept[formName])
    }

    private init(_ octets: [UInt8], named form: [UInt8]?) throws {
        let name = form.map { String(decoding: $0, as: UTF8.self) } ?? Form.blake2b.rawValue
        guard let form = Form(rawValue: name) else {
            throw RecordsError(
                code: .newer,
                detail: "contents are hashed as \(name) here, which this version of mailmoved does not know")
        }
        try self.init(octets, form: form)
    }

    private static let keyName = "content-key"
    private static let formName = "content-form"
}
