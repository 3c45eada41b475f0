// SPDX-License-Identifier: Apache-2.0

/// A member's name or an element's position.
struct Step: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ position: Int) {
        stringValue = String(position)
        intValue = position
    }

    init(_ name: String) {
        stringValue = name
        intValue = nil
    }

    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { self.init(intValue) }
}

extension [any CodingKey] {
    /// As in `oldServer.port` or `accounts[3].address`.
    var dotted: String {
        reduce(into: "") { text, step in
            if let position = step.intValue {
                text += "[\(position)]"
            } else {
                text += text.isEmpty ? step.stringValue : ".\(step.stringValue)"
            }
        }
    }
}
