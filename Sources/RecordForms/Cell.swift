// SPDX-License-Identifier: Apache-2.0

/// A value of a row, whatever the database and the column.
package enum Cell: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case octets([UInt8])
}
