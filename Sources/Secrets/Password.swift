// SPDX-License-Identifier: Apache-2.0

import CSodium

/// A password, as octets in guarded memory that is zeroed when the last reference goes.
///
/// It prints as `(password)`, whatever prints it.
public final class Password: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Octets.
    public let count: Int
    /// Written before any other thread can know of it, and zeroed after the last has forgotten it.
    private let slot: GuardedArena.Slot

    /// The longest password that `crypt(3)` takes (`CRYPT_MAX_PASSPHRASE_SIZE`, its NUL aside).
    public static let longest = 511

    /// A copy of `octets`, whether or not they are acceptable as a password.
    public convenience init(octets: UnsafeRawBufferPointer) {
        self.init(count: octets.count) { $0.copyMemory(from: octets) }
    }

    /// A copy of `text`, which itself stays where it is: for tests and literals.
    public convenience init(_ text: String) {
        self.init(count: text.utf8.count) { $0.copyBytes(from: text.utf8) }
    }

    /// A password of `count` octets that `write` puts into guarded memory, without a copy anywhere else.
    public init<Failure: Error>(
        count: Int, writing write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        self.count = count
        slot = GuardedArena.passwords.allocate(count)
        try write(UnsafeMutableRawBufferPointer(start: slot.pointer, count: count))
    }

    /// 24 random letters and digits (142 bits): a password that nobody has.
    public static func random() -> Password {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        return Password(count: 24) { octets in
            for index in octets.indices { octets[index] = alphabet[Int(randombytes_uniform(UInt32(alphabet.count)))] }
        }
    }

    /// 16 letters and digits (92 bits) for somebody to read and type: none that looks like another.
    public static func readable() -> Password {
        let alphabet = Array("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789".utf8)
        return Password(count: 16) { octets in
            for index in octets.indices { octets[index] = alphabet[Int(randombytes_uniform(UInt32(alphabet.count)))] }
        }
    }

    deinit {
        sodium_memzero(slot.pointer, count)
        GuardedArena.passwords.free(slot)
    }

    /// The octets, valid only during the call.
    public func withOctets<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: slot.pointer, count: count))
    }

    /// 1 to 511 octets, none of them NUL, CR or LF: no other can be sent by POP3 or hashed by `crypt(3)`.
    public var isAcceptable: Bool {
        (1...Self.longest).contains(count)
            && withOctets { octets in
                octets.allSatisfy { $0 != 0 && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
            }
    }

    public var description: String { "(password)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Password: Equatable {
    /// Takes as long for any two of the same length.
    public static func == (left: Password, right: Password) -> Bool {
        guard left.count == right.count else { return false }
        return left.withOctets { left in
            right.withOctets { right in
                guard let start = left.baseAddress, let other = right.baseAddress else { return true }
                return sodium_memcmp(start, other, left.count) == 0
            }
        }
    }
}
