// SPDX-License-Identifier: Apache-2.0

import Vocabulary

extension Member {
    /// Pages go on where the page before ended.
    static let cursor = Member.optional("cursor", .text, "nextCursor of the page before; opaque")
    static let limit = Member.optional(
        "limit", .integer(1...1000), default: .integer(Int64(Defaults.pageLength)), "length of the page")
    static let nextCursor = Member.required(
        "nextCursor", .orNull(.text), "cursor of the next page; null on the last one")
}
