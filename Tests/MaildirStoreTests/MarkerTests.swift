// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Testing

@testable import MaildirStore

/// What a mail store's places are known by.
@Suite struct MarkerTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private let message = Array("Subject: x\n\nbody\n".utf8)

    private func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: "\(scratch.path)/\(path)")
    }

    @Test func everyPlaceHasAMarkerAndKeepsIt() async throws {
        let store = try scratch.store()
        #expect(try await store.markers(of: ann) == [:])
        _ = try await store.deliver([message])
        let markers = try await store.markers(of: ann)
        #expect(Set(markers.keys) == [.base, .mailbox] && Set(markers.values).count == 2)
        _ = try await scratch.store().open(ann, options: DeliveryOptions(), intended: [], expecting: markers)
        #expect(try await scratch.store().adopt(ann) == markers)
        #expect(try await scratch.store().markBase() == markers[.base])
        try await store.check(expecting: markers[.base])
    }

    /// A domain that a link or a mount leads to another disk with is known by a marker of its own.
    @Test func aDomainsOwnDiskIsMissedWhereItIsNotMounted() async throws {
        let disk = "/dev/shm/mailmove-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: disk) }
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.path)/example.org", withDestinationPath: disk)
        let store = try scratch.store()
        _ = try await store.deliver([message])
        let markers = try await store.markers(of: ann)
        try #require(markers[.domain] != nil, "/dev/shm is on the disk of the tests' folder")
        try remove("example.org")
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/example.org", withIntermediateDirectories: true)
        var expected = markers
        expected[.mailbox] = nil  // an account that nothing was moved to
        let error = await #expect(throws: MailStoreError.self) {
            _ = try await store.open(ann, options: DeliveryOptions(), intended: [], expecting: expected)
        }
        #expect(error?.code == .unmarked)
    }

    @Test(arguments: ["example.org/ann/Maildir", "example.org", "example.org/ann/Maildir/mailmove.marker", ".mailmove"])
    func nothingIsMadeWhereWhatIsExpectedIsMissing(path: String) async throws {
        let store = try scratch.store()
        _ = try await store.deliver([message])
        let markers = try await store.markers(of: ann)
        try remove(path)
        let error = await #expect(throws: MailStoreError.self) {
            _ = try await store.open(ann, options: DeliveryOptions(), intended: [], expecting: markers)
        }
        #expect(error?.code == .unmarked)
        #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/\(path)"))
        // Until it is taken as it is.
        let adopted = try await store.adopt(ann)
        #expect(adopted != markers)
        _ = try await store.open(ann, options: DeliveryOptions(), intended: [], expecting: adopted)
    }

    @Test func aDiskWithAnotherMarkerIsAnotherDisk() async throws {
        let store = try scratch.store()
        let base = try #require(try await store.markBase())
        try remove(".mailmove")
        let other = try await store.markBase()
        #expect(other != nil && other != base)
        let error = await #expect(throws: MailStoreError.self) { try await store.check(expecting: base) }
        #expect(error?.code == .unmarked)
    }

    @Test(arguments: ["", "mailmove 1", "mailmove 1 0123\n", "\0\0\0\0"])
    func aTornMarkerIsNone(text: String) async throws {
        let store = try scratch.store()
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/.mailmove"))
        #expect(try await store.markers(of: ann) == [:])
        #expect(try await store.markBase() != nil)
        #expect(try await store.markers(of: ann)[.base] != nil)
    }

    @Test func whoMakesAMarkerAtOnceMakesTheSame() async throws {
        let store = try scratch.store()
        let markers = try await withThrowingTaskGroup(of: StoreMarker?.self) { group in
            for _ in 0..<20 { group.addTask { try await store.markBase() } }
            return try await group.reduce(into: Set<StoreMarker?>()) { $0.insert($1) }
        }
        #expect(markers.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == [".mailmove"])
    }

    @Test func runsAreReadFromNamesInAllFoldersAndBesideTheMarker() async throws {
        let store = try scratch.store()
        let (batch, _) = try await store.stage([message, message])
        let run = try #require(batch.run)
        #expect(run.last == 2)
        #expect(try await store.runs(of: ann) == [:])
        try await store.publish(batch)
        #expect(try await store.runs(of: ann) == [run.mark: 2])
        for name in batch.names { try remove("example.org/ann/Maildir/new/\(name)") }
        #expect(try await scratch.store().runs(of: ann) == [run.mark: 0])
    }
}
