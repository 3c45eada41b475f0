// SPDX-License-Identifier: Apache-2.0

public import JSONWire

/// A setting that has changed, or would change.
public struct SettingChange: Codable, Hashable, Sendable {
    /// Its place in a ``Migration``, such as `options.order`.
    public var field: String
    public var from: JSONValue
    public var to: JSONValue

    public init(field: String, from: JSONValue, to: JSONValue) {
        self.field = field
        self.from = from
        self.to = to
    }
}

extension SettingChange: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "SettingChange", "A setting that has changed, or would change.",
            [
                .required("field", .text, "its place in the settings, such as options.order"),
                .required("from", .anything, "what it was"),
                .required("to", .anything, "what it is, or would be"),
            ]))
}
