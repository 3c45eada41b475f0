// SPDX-License-Identifier: Apache-2.0

@_spi(_Unicode) import Swift

extension String {
    /// The text in NFC (UAX #15), in which strings that Swift considers equal have the same octets. SQL, file systems,
    /// hashes and old servers compare octets.
    var composed: String {
        var scalars = UnicodeScalarView()
        for scalar in _nfc { scalars.append(scalar) }
        return String(scalars)
    }

    /// In lower case according to the Unicode standard (§3.13), including the final sigma: `ΓΙΏΡΓΟΣ` is `γιώργος`, not
    /// `γιώργοσ`.
    var lowerCase: String {
        let sigma: Unicode.Scalar = "Σ"
        guard unicodeScalars.contains(sigma) else { return lowercased() }
        let scalars = Array(unicodeScalars)
        var text = UnicodeScalarView()
        for (index, scalar) in scalars.enumerated() {
            if scalar == sigma, Self.isCased(scalars[..<index].reversed()), !Self.isCased(scalars[(index + 1)...]) {
                text.append("ς")
            } else {
                text.append(scalar)
            }
        }
        return String(text).lowercased()
    }

    /// Whether the nearest of `scalars` that is not ignored (marks, dots, apostrophes) is a cased letter.
    private static func isCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
        scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
}
