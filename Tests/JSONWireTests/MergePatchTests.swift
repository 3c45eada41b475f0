// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

@Suite struct MergePatchTests {
    /// RFC 7396, appendix A, as far as both are objects.
    @Test(
        arguments: [
            (["a": "b"], ["a": "c"], ["a": "c"]), (["a": "b"], ["b": "c"], ["a": "b", "b": "c"]),
            (["a": "b"], ["a": nil], [:]), (["a": "b", "b": "c"], ["a": nil], ["b": "c"]),
            (["a": ["b"]], ["a": "c"], ["a": "c"]), (["a": "c"], ["a": ["b"]], ["a": ["b"]]),
            (["a": ["b": "c"]], ["a": ["b": "d", "c": nil]], ["a": ["b": "d"]]),
            (["a": [["b": "c"]]], ["a": [1]], ["a": [1]]), (["e": nil], ["a": 1], ["e": nil, "a": 1]),
            (["a": "foo"], ["a": ["bb": ["ccc": nil]]], ["a": ["bb": [:]]]),
        ] as [(JSONObject, JSONObject, JSONObject)])
    func aPatchChangesWhatItNames(_ target: JSONObject, _ patch: JSONObject, _ result: JSONObject) {
        #expect(target.merged(with: patch) == result)
    }
}
