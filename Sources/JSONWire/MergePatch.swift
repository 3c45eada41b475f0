// SPDX-License-Identifier: Apache-2.0

extension JSONObject {
    /// Changes only what `patch` names (RFC 7396): null removes a member, an object is merged with the present one, and
    /// anything else replaces it.
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
