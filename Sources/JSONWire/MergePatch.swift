// SPDX-License-Identifier: Apache-2.0

extension JSONObject {
    /// The same with what `patch` names changed, and nothing else (RFC 7396): a null takes a member away, an object is
    /// merged with the one that is there, anything else takes its place.
    public func merged(with patch: JSONObject) -> JSONObject {
        var merged = self
        for member in patch.members {
            switch member.value {
            case .null: merged[member.name] = nil
            case .object(let inner):
                merged[member.name] = .object((merged[member.name]?.object ?? JSONObject()).merged(with: inner))
            default: merged[member.name] = member.value
            }
        }
        return merged
    }
}
