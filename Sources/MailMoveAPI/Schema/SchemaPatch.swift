// SPDX-License-Identifier: Apache-2.0

extension ObjectSchema {
    /// The form of a change to such an object (RFC 7396): a member that is left out stays as it is, and null takes one back
    /// to its default.
    var patch: ObjectSchema {
        let members = members.map { Member.optional($0.name, $0.schema.patch, $0.about) }
        guard let name else { return ObjectSchema(about, members) }
        return ObjectSchema(
            name.replacing("Parameters", with: "Changes"),
            "What is left out stays as it is, and null takes a value back to its default.", members)
    }
}

extension Schema {
    fileprivate var patch: Schema {
        switch self {
        case .object(let object): .object(object.patch)
        case .map(let element): .map(of: .orNull(element.patch))
        default: self
        }
    }
}
