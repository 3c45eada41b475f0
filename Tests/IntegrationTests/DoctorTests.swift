// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Whether all that was moved is there.
    @Suite struct DoctorTests {
        private static let files = FileManager.default

        private func moved(_ body: (Faults) async throws -> Void) async throws {
            try await Faults.running { faults in
                for account in [Faults.ann, Faults.bob] {
                    try await faults.platform.trigger(account)
                    #expect(try await faults.platform.settled(account).status == .completed)
                }
                try await body(faults)
            }
        }

        private func examine(
            _ faults: Faults, password: String? = Platform.oldPassword, repair: Bool = false
        ) async throws -> (account: IntegrityReport.Account, findings: [IntegrityReport.Finding]) {
            let report = try await faults.platform.admin.checkIntegrity(
                CheckIntegrity(
                    account: try EmailAddress(Faults.ann), password: password.map { Password($0) }, repair: repair))
            let account = try #require(report.accounts.first)
            #expect(report.ok == account.ok)
            #expect(report.nextCursor == nil)
            return (account, report.findings)
        }

        @Test func aMailboxInWhichAllIsThereIsHealthyWhateverItsUserDidWithIt() async throws {
            try await moved { faults in
                let maildir = faults.daemon.maildir(of: Faults.ann)
                let archive = maildir.appending(path: ".Archive/cur")
                try Self.files.createDirectory(at: archive, withIntermediateDirectories: true)
                for (index, file) in faults.daemon.files(of: Faults.ann, in: "new").enumerated() {
                    let name = file.lastPathComponent
                    switch index % 4 {
                    case 0: try Self.files.moveItem(at: file, to: maildir.appending(path: "cur/\(name):2,S"))
                    case 1: try Self.files.moveItem(at: file, to: archive.appending(path: "\(name):2,FS"))
                    // A mail program that copies and deletes gives it a name of its own.
                    case 2: try Self.files.moveItem(at: file, to: archive.appending(path: "17000\(index).M1.host:2,"))
                    default: break
                    }
                }
                let (ann, findings) = try await examine(faults)
                #expect(ann.ok, "\(findings)")
                #expect(ann.ledger == 120)
                #expect(ann.oldMailbox == .compared)
                #expect(ann.missingCount == 0)
                #expect(ann.waiting == 0)
                #expect(ann.doubled == 0)
            }
        }

        @Test func whatIsMissingIsNamedAndMovedAgainWhenAskedFor() async throws {
            try await moved { faults in
                let files = faults.daemon.files(of: Faults.ann, in: "new")
                let taken = files.prefix(3)
                let uids = try taken.map { withoutUIDL([UInt8](try Data(contentsOf: $0))).uid ?? "" }
                for file in taken { try Self.files.removeItem(at: file) }

                let unasked = try await examine(faults, password: nil)
                #expect(unasked.account.oldMailbox == .notAsked)
                #expect(unasked.account.waiting == nil)
                #expect(unasked.account.gone == 3)
                #expect(unasked.account.missingCount == 0)

                let (ann, findings) = try await examine(faults)
                #expect(!ann.ok)
                #expect(ann.present == 117)
                #expect(ann.missingCount == 3)
                #expect(Set(ann.missing.map(\.uniqueID)) == Set(uids))
                #expect(findings.contains { $0.severity == .warning && $0.text.contains("--repair") })
                #expect(faults.daemon.messages(of: Faults.ann).count == 117)

                let repaired = try await examine(faults, repair: true)
                #expect(repaired.account.movedAgain == 3)
                try await faults.expectAnnArrives()
                let after = try await examine(faults)
                #expect(after.account.ok, "\(after.findings)")
                #expect(after.account.present == 120)
            }
        }

        @Test func whatItsUserDeletedOnBothSidesIsNobodysBusiness() async throws {
            try await moved { faults in
                for file in faults.daemon.files(of: Faults.ann, in: "new").prefix(3) {
                    try Self.files.removeItem(at: file)
                }
                let (ann, findings) = try await examine(faults, password: "not the old password")
                #expect(ann.oldMailbox == .failed)
                #expect(ann.gone == 3)
                #expect(findings.contains { $0.text.contains("does not let it in") })
                let repaired = try await examine(faults, password: nil, repair: true)
                #expect(repaired.account.movedAgain == 0)
                #expect(faults.daemon.messages(of: Faults.ann).count == 117)
            }
        }

        @Test func aMessageThatIsThereTwiceIsAnErrorAndStays() async throws {
            try await moved { faults in
                let file = try #require(faults.daemon.files(of: Faults.ann, in: "new").first)
                let name = file.lastPathComponent
                let twin = file.deletingLastPathComponent().appending(path: "1" + name)
                try Self.files.copyItem(at: file, to: twin)
                let (ann, findings) = try await examine(faults)
                #expect(ann.doubled == 1)
                #expect(findings.contains { $0.severity == .error })
                #expect(Self.files.fileExists(atPath: twin.path) && Self.files.fileExists(atPath: file.path))
            }
        }

        @Test func whatARunLeftInTmpIsRemovedByTheNextOne() async throws {
            try await moved { faults in
                let file = try #require(faults.daemon.files(of: Faults.ann, in: "new").first)
                let name = String(file.lastPathComponent.prefix { $0 != "," })
                let tmp = faults.daemon.maildir(of: Faults.ann).appending(path: "tmp")
                try Data("half".utf8).write(to: tmp.appending(path: "1" + name))
                try Data("another's".utf8).write(to: tmp.appending(path: "17.another.program"))
                #expect(try await examine(faults).account.leftInTmp == 1)
                _ = try await examine(faults, repair: true)
                let status = try await faults.platform.status(Faults.ann) { $0.runs == 2 && $0.status == .completed }
                #expect(status.runs == 2)
                let left = faults.daemon.files(of: Faults.ann, in: "tmp").map(\.lastPathComponent)
                #expect(left == ["17.another.program"])
            }
        }

        @Test func aMaildirThatIsNotThereIsAnError() async throws {
            try await moved { faults in
                try Self.files.removeItem(at: faults.daemon.maildir(of: Faults.ann))
                let (ann, findings) = try await examine(faults, password: nil)
                #expect(!ann.ok)
                #expect(ann.gone == 120)
                #expect(findings.contains { $0.severity == .error && $0.text.contains("mounted") })
            }
        }

        @Test func aDomainIsCheckedPageByPage() async throws {
            try await moved { faults in
                try await faults.platform.create((0..<5).map { "more\($0)@example.com" })
                var accounts: [String] = []
                var cursor: String?
                repeat {
                    let page = try await faults.platform.admin.checkIntegrity(
                        CheckIntegrity(domain: try DomainName(Platform.domain), cursor: cursor, limit: 2))
                    #expect(page.ok, "\(page.findings)")
                    #expect(page.accounts.count <= 2)
                    accounts += page.accounts.map(\.account.description)
                    cursor = page.nextCursor
                } while cursor != nil
                #expect(accounts == [Faults.ann, Faults.bob] + (0..<5).map { "more\($0)@example.com" })
            }
        }

        @Test func nobodysMailCannotBeChecked() async throws {
            try await Platform.running { platform in
                let error = await failure {
                    try await platform.admin.checkIntegrity(
                        CheckIntegrity(account: try EmailAddress("nobody@example.com")))
                }
                #expect(error?.reason == .accountNotFound)
            }
        }
    }
}
