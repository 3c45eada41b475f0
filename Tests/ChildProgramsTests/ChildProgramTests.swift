// SPDX-License-Identifier: Apache-2.0

import ChildPrograms
import Foundation
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5))) struct ChildProgramTests {
    private func line(_ script: String, _ input: String = "", most: Int = 1000, seconds: Double = 20) throws -> String {
        let program = ChildProgram(path: "/bin/bash", arguments: ["-c", script, "bash", "first", "second"])
        let octets = try program.run(Array(input.utf8), output: .line(most: most), patience: .seconds(seconds))
        return String(decoding: octets, as: UTF8.self)
    }

    @Test func itsFirstLineIsItsAnswer() throws {
        #expect(try line("read -r a; echo \"$a $*\"; echo more", "hello\n") == "hello first second")
        #expect(try line("printf 'no end of line'") == "no end of line")
        #expect(try line("exit 0") == "")
    }

    @Test func itSeesNeitherDescriptorsNorVariablesOfOurs() throws {
        let file = open("/etc/passwd", O_RDONLY)
        defer { close(file) }
        #expect(
            try line("ls /proc/self/fd | tr '\\n' ' '").split(separator: " ").prefix(4).last.map { Int($0) ?? 99 } ?? 0
                < 5)
        setenv("MAILMOVE_TEST_SECRET", "x", 1)
        #expect(try line("echo \"${MAILMOVE_TEST_SECRET:-none}\"") == "none")
    }

    @Test func failuresAreToldApart() throws {
        func failure(_ script: String, most: Int = 1000, seconds: Double = 20) -> String {
            do {
                return "no failure: " + (try line(script, most: most, seconds: seconds))
            } catch {
                return "\(error)"
            }
        }
        #expect(failure("exit 3").contains("status 3"))
        #expect(failure("kill -9 $$").contains("signal 9"))
        #expect(failure("while :; do echo -n xxxxxxxxxxxxxxxxxxxx; done", most: 100).contains("more than 100 octets"))
        #expect(failure("sleep 600", seconds: 1).contains("in time"))
        #expect(failure("echo answered; sleep 600", seconds: 1).contains("did not end in time"))
    }
}
