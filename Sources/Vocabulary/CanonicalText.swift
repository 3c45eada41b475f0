// SPDX-License-Identifier: Apache-2.0

@_spi(_Unicode) import Swift

extension String {
    /// The text in NFC (UAX #15): the same octets for what Swift calls equal. SQL, file systems, hashes and old servers
    /// compare octets.
    var composed: String {
        var scalars = UnicodeScalarView()
        for scalar in _nfc { scalars.append(scalar) }
        return String(scalars)
    }

    /// In lower case as the Unicode standard has it (§3.13), with the sigma that ends a word: `ΓΙΏΡΓΟΣ` is `γιώργος`,
    /// not `γιώργοσ`.
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

    /// Whether the nearest of `scalars` that is not passed over (marks, dots, apostrophes) is a letter with a case.
    private static func isCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
        scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
}
