// SPDX-License-Identifier: Apache-2.0

public import MessageContent
public import Records
import Secrets

extension ContentKey {
    /// What contents are hashed under here; made once, and the same for ever. A ledger from when there was no other form
    /// than BLAKE2b keeps that one: in another nothing in it would be known again.
    /// - Throws: `RecordsError`, `SecretsError`.
    public static func kept(in records: any Records) async throws -> ContentKey {
        let kept = try await records.read { (key: try $0.value(keyName), form: try $0.value(formName)) }
        if let key = kept.key { return try ContentKey(key, named: kept.form) }
        let fresh = KeyedHash.randomKey()
        return try await records.write { records in
            if let key = try records.value(keyName) { return try ContentKey(key, named: try records.value(formName)) }
            try records.set(keyName, to: fresh)
            try records.set(formName, to: Array(Form.poly1305.rawValue.utf8))
            return try ContentKey(fresh, form: .poly1305)
        }
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
