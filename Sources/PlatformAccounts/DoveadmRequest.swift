// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// A call of doveadm's `authCacheFlush` by HTTP.
struct DoveadmRequest {
    let octets: [UInt8]

    /// - Parameter isAPIKey: whether the secret is `doveadm_api_key`, not `doveadm_password`.
    init(flushing account: EmailAddress, at address: DoveadmAddress, _ secret: [UInt8], isAPIKey: Bool) {
        let name = account.description.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let body = "[[\"authCacheFlush\",{\"user\":[\"\(name)\"]},\"mailmove\"]]"
        let authorization =
            isAPIKey
            ? "X-Dovecot-API \(Self.base64(secret))"
            : "Basic \(Self.base64(Array("doveadm:".utf8) + secret))"
        let text = """
            POST \(address.path) HTTP/1.1\r
            Host: \(HostAndPort(host: address.host, port: address.port))\r
            Authorization: \(authorization)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """
        octets = Array(text.utf8)
    }

    /// RFC 4648 §4.
    private static func base64(_ octets: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: octets.count, by: 3) {
            let three = octets[start..<min(start + 3, octets.count)]
            let bits = three.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - three.count))
            for place in 0..<4 {
                text.append(place <= three.count ? digits[Int(bits >> UInt32(18 - 6 * place)) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
