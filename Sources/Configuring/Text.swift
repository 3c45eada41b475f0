// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
    /// Without spaces around it.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// A value for a message: in quotes, on one line, not endless.
func quoted(_ text: some StringProtocol) -> String {
    String(reflecting: text.count > 80 ? text.prefix(80) + "…" : String(text))
}

/// The name that was probably meant: the same but for case, the last part of one, or a few letters off.
func nearest(_ text: String, in names: [String]) -> String? {
    let wanted = text.lowercased()
    guard !wanted.isEmpty else { return nil }
    if let same = names.first(where: { $0.lowercased() == wanted }) { return same }
    let tails = names.filter { $0.lowercased().hasSuffix("." + wanted) }
    if tails.count == 1 { return tails[0] }
    let ranked = names.map { (name: $0, distance: editDistance(wanted, $0.lowercased())) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(1, wanted.count / 3) else {
        return nil
    }
    return best.name
}

/// Levenshtein's: insertions, deletions and replacements from one to the other.
private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (i, a) in left.utf8.prefix(200).enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let above = row[j + 1]
            row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a == b ? 0 : 1))
            diagonal = above
        }
    }
    return row[right.count]
}
