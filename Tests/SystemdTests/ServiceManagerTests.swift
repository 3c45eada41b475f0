// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

/// Environment variables are the process's, so these run one after another.
@Suite(.serialized) struct ServiceManagerTests {
    private let manager = ServiceManager()

    @Test func withoutOneNothingHappens() {
        unsetenv("NOTIFY_SOCKET")
        #expect(!manager.isListening)
        manager.ready(status: "x")
        manager.watchdog()
        #expect(!manager.store(0, as: "x"))
    }

    @Test func itHearsWhatGoesOn() {
        let ear = NotifySocket()
        #expect(manager.isListening)
        manager.ready(status: "3 accounts are moving")
        #expect(ear.receive()?.text == "READY=1\nSTATUS=3 accounts are moving")
        manager.ready()
        #expect(ear.receive()?.text == "READY=1")
        manager.status("idle")
        #expect(ear.receive()?.text == "STATUS=idle")
        manager.stopping()
        #expect(ear.receive()?.text == "STOPPING=1")
        manager.watchdog()
        #expect(ear.receive()?.text == "WATCHDOG=1")
        manager.extendTimeout(by: .milliseconds(2500))
        #expect(ear.receive()?.text == "EXTEND_TIMEOUT_USEC=2500000")
        manager.failed(exitStatus: 69, errno: ENOSPC, status: "the disk is full")
        #expect(ear.receive()?.text == "STATUS=the disk is full\nEXIT_STATUS=69\nERRNO=28")
        manager.mainProcess(7)
        #expect(ear.receive()?.text == "MAINPID=7")
        manager.reloading()
        #expect(ear.receive()?.text.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") == true)
        #expect(ear.receive() == nil)
    }

    @Test func aStatusIsOneLineWhateverIsInIt() {
        let ear = NotifySocket()
        manager.status("a\nREADY=1\r\nb\0c\u{85}d")
        #expect(ear.receive()?.text == "STATUS=a READY=1  b c d")
    }

    @Test func theWatchdogIsFedThreeTimesInItsTime() {
        setenv("WATCHDOG_USEC", "30000000", 1)
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        #expect(manager.watchdogInterval == .seconds(10))
        setenv("WATCHDOG_PID", "1", 1)
        #expect(manager.watchdogInterval == nil)
        unsetenv("WATCHDOG_USEC")
        unsetenv("WATCHDOG_PID")
        #expect(manager.watchdogInterval == nil)
    }

    @Test func aKeyWaitsInTheStoreAndComesBack() throws {
        let ear = NotifySocket()
        let key = (0..<32).map { UInt8($0) }
        let descriptor = try key.withUnsafeBytes { try SealedMemory.create(name: "seal-key", octets: $0) }
        #expect(manager.store(descriptor, as: "seal-key\nREADY=1"))
        close(descriptor)
        let received = try #require(ear.receive())
        #expect(received.text == "FDSTORE=1\nFDNAME=seal-key READY=1")
        let kept = try #require(received.descriptor)
        defer { close(kept) }
        let inherited = try InheritedDescriptors([.init(name: "seal-key", number: kept)])
        #expect(inherited.sockets.isEmpty)
        #expect(inherited.stored.map(\.name) == ["seal-key"])
        #expect(try SealedMemory.withOctets(of: kept, count: 32) { Array($0) } == key)
        manager.removeStored("seal-key")
        #expect(ear.receive()?.text == "FDSTOREREMOVE=1\nFDNAME=seal-key")
    }

    @Test func whatIsStoredCannotBeChanged() throws {
        let descriptor = try [UInt8](repeating: 7, count: 32).withUnsafeBytes {
            try SealedMemory.create(name: "seal-key", octets: $0)
        }
        defer { close(descriptor) }
        #expect(pwrite(descriptor, "x", 1, 0) == -1)
        #expect(ftruncate(descriptor, 0) == -1)
        let error = #expect(throws: SystemdError.self) {
            try SealedMemory.withOctets(of: descriptor, count: 33) { _ in }
        }
        #expect(error?.code == .store)
        #expect(throws: SystemdError.self) { try SealedMemory.withOctets(of: -1, count: 32) { _ in } }
    }

    @Test func aCredentialIsReadOrItsFaultNamed() throws {
        var template = Array("/tmp/mailmove-credentials.XXXXXX".utf8CString)
        let directory = String(cString: mkdtemp(&template))
        let path = directory + "/seal-key"
        defer {
            unsetenv("CREDENTIALS_DIRECTORY")
            unlink(path)
            rmdir(directory)
        }
        unsetenv("CREDENTIALS_DIRECTORY")
        #expect(try Credential.withOctets(named: "seal-key", count: 32) { Array($0) } == nil)
        setenv("CREDENTIALS_DIRECTORY", directory, 1)
        #expect(try Credential.withOctets(named: "seal-key", count: 32) { Array($0) } == nil)
        for count in [0, 31, 32, 33] {
            let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
            #expect(write(file, [UInt8](repeating: 9, count: count), count) == count)
            close(file)
            if count == 32 {
                #expect(try Credential.withOctets(named: "seal-key", count: 32) { Array($0) }?.count == 32)
            } else {
                let error = #expect(throws: SystemdError.self) {
                    try Credential.withOctets(named: "seal-key", count: 32) { _ in }
                }
                #expect(error?.code == .credential)
                #expect(error?.detail.contains("\(count) octets instead of 32") == true)
            }
        }
        unlink(path)
        mkdir(path, 0o700)
        #expect(throws: SystemdError.self) { try Credential.withOctets(named: "seal-key", count: 32) { _ in } }
        rmdir(path)
    }
}
