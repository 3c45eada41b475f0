// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI

/// A view on JSON text.
func view(_ text: String) throws -> JSONView { try JSONDocument(Array(text.utf8)).root }

/// A view on a value.
func view(_ value: JSONValue) throws -> JSONView { try JSONDocument(JSONText.encode(value)).root }

/// What `value` looks like on the wire.
func text(_ value: some Encodable) throws -> String { String(decoding: try JSONText.encode(value), as: UTF8.self) }

extension Method {
    /// Decodes parameters given as JSON text.
    func parameters(_ text: String) throws -> Parameters { try parameters(from: view(text)) }

    /// What is wrong with parameters given as JSON text.
    func violation(_ text: String) throws -> Violation? {
        let params = try view(text)
        do throws(Violation) {
            _ = try parameters(from: params)
            return nil
        } catch {
            return error
        }
    }
}
