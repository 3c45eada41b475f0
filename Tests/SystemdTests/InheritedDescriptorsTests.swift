// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

@Suite struct InheritedDescriptorsTests {
    @Test func aProcessThatNothingWasPassedToHasNothing() throws {
        #expect(try InheritedDescriptors.take() == InheritedDescriptors([]))
    }

    @Test func onlyAListeningUnixStreamSocketIsServed() throws {
        var template = Array("/tmp/mailmove-sockets.XXXXXX".utf8CString)
        let directory = String(cString: mkdtemp(&template))
        defer { rmdir(directory) }

        let listening = unixSocket(directory + "/listening", type: SOCK_STREAM)
        listen(listening, 5)
        let bound = unixSocket(directory + "/bound", type: SOCK_STREAM)
        let datagram = unixSocket(directory + "/datagram", type: SOCK_DGRAM)
        let internet = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        listen(internet, 5)
        var ends: [CInt] = [0, 0]
        pipe(&ends)
        defer {
            for descriptor in [listening, bound, datagram, internet] + ends { close(descriptor) }
            for name in ["listening", "bound", "datagram"] { unlink("\(directory)/\(name)") }
        }

        let admin = InheritedDescriptors.Descriptor(name: "admin", number: listening)
        #expect(try InheritedDescriptors([admin]).sockets == [admin])
        for unfit in [bound, datagram, internet, ends[0], 999] {
            let error = #expect(throws: SystemdError.self) {
                try InheritedDescriptors([admin, .init(name: "login", number: unfit)])
            }
            #expect(error?.code == .notAListeningSocket)
            #expect(error?.detail.contains("(login)") == true)
        }
    }

    private func unixSocket(_ path: String, type: __socket_type) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(type.rawValue), 0)
        withUnixAddress(path) { address, length in _ = bind(descriptor, address, length) }
        return descriptor
    }
}
