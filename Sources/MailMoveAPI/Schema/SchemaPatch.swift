// SPDX-License-Identifier: Apache-2.0

extension ObjectSchema {
    /// What a change of such an object looks like (RFC 7396): all may be left out, which leaves it as it is, and null takes
    /// a member back to its default.
    var patch: ObjectSchema {
        let members = members.map { Member.optional($0.name, $0.schema.patch, $0.about) }
        guard let name else { return ObjectSchema(about, members, planned: planned) }
        return ObjectSchema(
            name.replacing("Parameters", with: "Changes"),
            "What is left out stays as it is, and null takes a value back to its default.", members, planned: planned)
    }
}

extension Schema {
    fileprivate var patch: Schema {
        switch self {
        case .object(let object): .object(object.patch)
        default: self
        }
    }
}
