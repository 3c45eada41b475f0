// SPDX-License-Identifier: Apache-2.0

/// How DNS records are quoted.
enum RecordText {
    /// A TXT record's octets as printable ASCII, escaped as in zone files (RFC 1035 §5.1).
    static func shown(_ octets: [UInt8], atMost most: Int) -> String {
        var text = ""
        for octet in octets {
            guard text.utf8.count < most else { return text + "…" }
            if (0x20...0x7E).contains(octet) {
                text.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                let digits = String(octet)
                text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return text
    }
}
