// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
    /// What a service manager sees to and a shell, a container or another supervisor may not.
    @Suite struct ScarcityTests {
        private func running(_ shell: String, _ body: (DaemonProcess) async throws -> Void) async throws {
            let daemon = try DaemonProcess(shell: shell)
            defer { daemon.kill() }
            try await daemon.start()
            try await body(daemon)
        }

        /// Ticks of the processor's time, a hundredth of a second each.
        private func ticks(_ daemon: DaemonProcess) throws -> Int {
            let stat = try String(contentsOfFile: "/proc/\(daemon.identifier)/stat", encoding: .utf8)
            let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
            return (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
        }

        @Test func aCrowdThatTakesAllDescriptorsCostsNothingAndIsServedLater() async throws {
            try await running(#"ulimit -n 64; exec "$@""#) { daemon in
                let crowd = try (0..<200).map { _ in try RawClient(path: daemon.loginSocket) }
                try await Task.sleep(for: .seconds(1))
                let before = try ticks(daemon)
                try await Task.sleep(for: .seconds(2))
                let after = try ticks(daemon)
                #expect(after - before < 60)
                #expect(daemon.log.split(separator: "\n").count < 30)
                for client in crowd { client.close() }
                var isServed = false
                for _ in 0..<100 where !isServed {
                    let client = try? RawClient(path: daemon.loginSocket)
                    isServed = (try? await client?.call("ping")) != nil
                    if !isServed { try await Task.sleep(for: .milliseconds(100)) }
                }
                #expect(isServed)
            }
        }

        @Test(arguments: [
            #"exec "$@" 2>/dev/full"#,
            #"exec "$@" 2>&-"#,
            // A pipe that nobody reads, full from the beginning.
            #"mkfifo pipe; exec 8<>pipe 2>pipe; head -c 65536 /dev/zero >&2; exec "$@" 8<&8"#,
        ])
        func standardErrorThatTakesNothingHoldsNothingUp(shell: String) async throws {
            try await running(shell) { daemon in
                let admin = try RawClient(path: daemon.adminSocket)
                // Each writes to the log.
                for number in 0..<20 {
                    let row = #"{"accounts":[{"address":"u\#(number)@example.com","password":"new-Pass-9word"}]}"#
                    #expect(try await admin.call("createAccounts", params: row)["result"]?["created"] == 1)
                    daemon.send(SIGHUP)
                }
                let (status, _) = try await daemon.terminate()
                #expect(status == 0)
            }
        }

        @Test func theArgumentsAreThereWhereEnvironHasMoved() async throws {
            let moved = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
            guard FileManager.default.fileExists(atPath: moved) else { return }
            try await running(#"LD_PRELOAD=\#(moved) FAKETIME=+1d exec "$@""#) { daemon in
                let client = try RawClient(path: daemon.adminSocket)
                #expect(try await client.call("ping")["result"] != nil)
            }
        }
    }
}
