// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A service manager's ear: a datagram socket that `$NOTIFY_SOCKET` names.
final class NotifySocket {
    private let descriptor: CInt
    let path: String

    init() {
        var directory = Array("/tmp/mailmove-notify.XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&directory)) + "/notify"
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        withUnixAddress(path) { address, length in _ = bind(descriptor, address, length) }
        setenv("NOTIFY_SOCKET", path, 1)
    }

    deinit {
        unsetenv("NOTIFY_SOCKET")
        close(descriptor)
        unlink(path)
        rmdir(String(path.dropLast("/notify".count)))
    }

    /// What has come, and whether a descriptor came with it; nil: nothing has.
    func receive() -> (text: String, descriptor: CInt?)? {
        var octets = [UInt8](repeating: 0, count: 4096)
        var control = [UInt8](repeating: 0, count: 64)
        let count = octets.withUnsafeMutableBytes { octets in
            control.withUnsafeMutableBytes { control in
                var vector = iovec(iov_base: octets.baseAddress, iov_len: octets.count)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    return recvmsg(descriptor, &message, CInt(MSG_DONTWAIT))
                }
            }
        }
        guard count > 0 else { return nil }
        // cmsghdr: length (8), level (4), type (4: SCM_RIGHTS is 1), then the descriptors.
        let (length, type, passed) = control.withUnsafeBytes {
            (
                $0.load(as: Int.self), $0.load(fromByteOffset: 12, as: CInt.self),
                $0.load(fromByteOffset: 16, as: CInt.self)
            )
        }
        return (String(decoding: octets.prefix(count), as: UTF8.self), length >= 20 && type == 1 ? passed : nil)
    }
}

func withUnixAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Void) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
