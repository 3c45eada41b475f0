// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Glibc
import Secrets
import Synchronization
import Vocabulary

/// Dovecot's doveadm by HTTP: `authCacheFlush`. Blocks.
final class Doveadm: Sendable {
    private let address: DoveadmAddress
    /// Where the address has none.
    private let key: Password?
    /// The one that was taken the last time.
    private let known = Mutex(Credential.apiKey)

    init(address: DoveadmAddress, key: Password?) {
        self.address = address
        self.key = key
    }

    /// What a request has to show: which of the two Dovecot wants, `doveadm_api_key` or `doveadm_password`, only it knows.
    private enum Credential { case apiKey, password }

    func forget(_ account: EmailAddress, until deadline: ContinuousClock.Instant) throws(DirectoryError) {
        let first = known.withLock { $0 }
        for credential in [first, first == .apiKey ? .password : .apiKey] {
            let (status, body) = try ask(account, credential, until: deadline)
            switch status {
            case 200:
                // [["doveadmResponse", …]], or [["error", {"type": "exitCode", …}, …]]
                guard body.contains("\"doveadmResponse\"") else {
                    throw DirectoryError("doveadm at \(address) refuses to flush its cache: \(body.prefix(200))")
                }
                known.withLock { $0 = credential }
                return
            case 401, 403: continue
            default: throw DirectoryError("doveadm at \(address) answers with HTTP status \(status)")
            }
        }
        throw DirectoryError(
            "doveadm at \(address) does not take the key; see doveadm_api_key, and the credential doveadm-api-key")
    }

    private func ask(
        _ account: EmailAddress, _ credential: Credential, until deadline: ContinuousClock.Instant
    ) throws(DirectoryError) -> (status: Int, body: String) {
        var secret = Array((address.key ?? "").utf8)
        if address.key == nil, let key { secret = key.withOctets { Array($0) } }
        let request = DoveadmRequest(flushing: account, at: address, secret, isAPIKey: credential == .apiKey)
        let answer = try exchange(request.octets, until: deadline)
        let text = String(decoding: answer, as: UTF8.self)
        let fields = text.prefix { !$0.isNewline }.split(separator: " ")
        guard fields.count > 1, fields[0].hasPrefix("HTTP/1."), let status = Int(fields[1]) else {
            throw DirectoryError("what answers at \(address) is no doveadm")
        }
        return (status, text)
    }

    /// Whether an answer is there as a whole (RFC 9112 §6.2).
    private static func isWhole(_ answer: [UInt8]) -> Bool {
        let text = String(decoding: answer, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
        let lines = text[..<end.lowerBound].split(separator: "\r\n").map(String.init)
        let name = "content-length:"
        guard let line = lines.first(where: { $0.lowercased().hasPrefix(name) }),
            let length = Int(line.dropFirst(name.count).filter { $0 != " " })
        else { return false }
        return text[end.upperBound...].utf8.count >= length
    }

    /// Sends octets, and reads an answer. (Dovecot 2.3.19 answers no 401 where it is asked to close the connection.)
    private func exchange(
        _ octets: [UInt8], until deadline: ContinuousClock.Instant
    ) throws(DirectoryError) -> [UInt8] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, "\(address.port)", &hints, &found) == 0, let found else {
            throw DirectoryError("doveadm's host \(address.host) has no address")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(
            found.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw failed("no socket can be made") }
        defer { close(descriptor) }
        if connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) != 0 {
            guard errno == EINPROGRESS else { throw failed("doveadm at \(address) cannot be reached") }
            try wait(descriptor, POLLOUT, until: deadline)
            var error: CInt = 0
            var size = socklen_t(MemoryLayout<CInt>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)
            errno = error
            guard error == 0 else { throw failed("doveadm at \(address) cannot be reached") }
        }
        var sent = 0
        while sent < octets.count {
            let count = octets[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(descriptor, POLLOUT, until: deadline)
            } else if errno != EINTR {
                throw failed("doveadm at \(address) does not take the request")
            }
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while answer.count < 1 << 20 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                answer += buffer[..<count]
                if Self.isWhole(answer) { return answer }
            } else if count == 0 {
                return answer
            } else if errno == EAGAIN {
                try wait(descriptor, POLLIN, until: deadline)
            } else if errno != EINTR {
                throw failed("doveadm at \(address) hangs up")
            }
        }
        throw DirectoryError("doveadm at \(address) answers without end")
    }

    private func wait(
        _ descriptor: CInt, _ event: CInt, until deadline: ContinuousClock.Instant
    ) throws(DirectoryError) {
        let left = (deadline - .now) / .milliseconds(1)
        guard left > 0 else { throw DirectoryError("doveadm at \(address) did not answer in time") }
        var waiting = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        _ = poll(&waiting, 1, CInt(left.rounded(.up)))
    }

    private func failed(_ what: String) -> DirectoryError {
        DirectoryError("\(what): \(String(cString: strerror(errno)))")
    }
}
