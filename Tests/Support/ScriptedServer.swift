// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// A TCP server on loopback that does what a closure tells it, in a thread per connection: for the behaviour that no
/// real server shows.
///
///     let server = try ScriptedServer { peer in
///         peer.send("+OK ready\r\n")
///         _ = peer.line()
///         peer.send("-ERR go away\r\n")
///     }
///     defer { server.stop() }
///
/// The connection is closed when the closure returns.
public final class ScriptedServer: Sendable {
    /// One client, seen from the server.
    public final class Peer: Sendable {
        /// 1 for the first connection.
        public let number: Int
        private let descriptor: CInt
        private let input = Mutex<[UInt8]>([])
        private let isClosed = Mutex(false)

        init(number: Int, descriptor: CInt) {
            self.number = number
            self.descriptor = descriptor
        }

        /// The next line without its end; nil when the client has hung up.
        public func line() -> String? {
            while true {
                let line = input.withLock { input -> [UInt8]? in
                    guard let end = input.firstIndex(of: 10) else { return nil }
                    defer { input.removeSubrange(...end) }
                    return Array(input[..<end])
                }
                if let line { return String(decoding: line.last == 13 ? line.dropLast() : line[...], as: UTF8.self) }
                guard receive() else { return nil }
            }
        }

        /// Waits for octets of any kind, which are ``pending`` then; false when the client has hung up.
        public func receive() -> Bool {
            var octets = [UInt8](repeating: 0, count: 65536)
            let count = recv(descriptor, &octets, octets.count, 0)
            guard count > 0 else { return false }
            input.withLock { $0 += octets[..<count] }
            return true
        }

        /// Throws away what has been received and not been read, as servers do that know no pipelining.
        public func discard() { input.withLock { $0 = [] } }

        /// What has been received and not been read as lines.
        public var pending: [UInt8] { input.withLock { $0 } }

        /// False when the client has hung up.
        @discardableResult
        public func send(_ octets: [UInt8]) -> Bool {
            var sent = 0
            while sent < octets.count {
                let count = octets.withUnsafeBytes { all in
                    Glibc.send(descriptor, all.baseAddress.map { $0 + sent }, all.count - sent, CInt(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }

        @discardableResult
        public func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        public func pause(milliseconds: Int) { usleep(useconds_t(milliseconds * 1000)) }

        /// Waits until the client hangs up, reading what it sends.
        public func waitForEnd() { while line() != nil {} }

        /// The connection will end with a reset instead of an orderly end, and what is unsent is lost.
        public func resetAtTheEnd() {
            var atOnce = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
        }

        fileprivate func hangUp() { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }

        fileprivate func close() {
            isClosed.withLock { closed in
                if !closed { Glibc.close(descriptor) }
                closed = true
            }
        }

        fileprivate func hangUpIfOpen() { isClosed.withLock { if !$0 { hangUp() } } }
    }

    /// The listening socket, closed when neither the server nor its accepting thread needs it any more: its number
    /// may be another's from then on.
    private final class Door: Sendable {
        let descriptor: CInt
        init(_ descriptor: CInt) { self.descriptor = descriptor }
        deinit { Glibc.close(descriptor) }
    }

    public let port: Int
    private let door: Door
    private let peers = Mutex<[Peer]>([])

    /// How many clients have connected so far.
    public var connections: Int { peers.withLock { $0.count } }

    public init(port: Int = 0, _ script: @escaping @Sendable (Peer) -> Void) throws {
        let (descriptor, port) = try LoopbackSocket.listen(port: UInt16(port))
        let door = Door(descriptor)
        self.door = door
        self.port = Int(port)
        let peers = PeerList(self)
        Thread.detachNewThread {
            while true {
                let client = accept(door.descriptor, nil, nil)
                guard client >= 0 else { return }
                guard let peer = peers.add(client) else {
                    Glibc.close(client)
                    return
                }
                Thread.detachNewThread {
                    script(peer)
                    peer.close()
                }
            }
        }
    }

    /// The accepting thread must not keep the server alive.
    private final class PeerList: Sendable {
        private weak let server: ScriptedServer?

        init(_ server: ScriptedServer) { self.server = server }

        func add(_ descriptor: CInt) -> Peer? {
            server?.peers.withLock { peers in
                let peer = Peer(number: peers.count + 1, descriptor: descriptor)
                peers.append(peer)
                return peer
            }
        }
    }

    /// Closes everything.
    public func stop() {
        _ = shutdown(door.descriptor, CInt(SHUT_RDWR))
        peers.withLock { $0 }.forEach { $0.hangUpIfOpen() }
    }

    deinit { stop() }
}
