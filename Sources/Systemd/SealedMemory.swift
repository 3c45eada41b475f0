// SPDX-License-Identifier: Apache-2.0

internal import CSystemd
internal import Glibc

/// An anonymous file in memory that can no longer be changed (memfd_create(2)): the form in which a key waits in the
/// service manager's file-descriptor store for the next run of the daemon.
public enum SealedMemory {
    /// - Returns: a descriptor, the caller's to close.
    /// - Throws: ``SystemdError`` (`store`).
    public static func create(name: String, octets: UnsafeRawBufferPointer) throws(SystemdError) -> CInt {
        let descriptor = memfd_create(name, UInt32(mailmove_memfd_flags))
        guard descriptor >= 0 else {
            throw SystemdError(.store, "no memory for \(name): memfd_create: \(errorText(errno))")
        }
        guard write(descriptor, octets.baseAddress, octets.count) == octets.count,
            fcntl(descriptor, CInt(mailmove_add_seals), CInt(mailmove_all_seals)) == 0
        else {
            let text = errorText(errno)
            close(descriptor)
            throw SystemdError(.store, "\(name) could not be written and sealed: \(text)")
        }
        return descriptor
    }

    /// Calls `body` with the octets of a file, without a copy of them anywhere; they are valid during the call.
    ///
    /// - Throws: ``SystemdError`` (`store`) unless there are exactly `count`, more than 0.
    public static func withOctets<Result>(
        of descriptor: CInt, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SystemdError(.store, "what was stored cannot be read: \(errorText(errno))")
        }
        guard status.st_size == count else {
            throw SystemdError(.store, "there are \(status.st_size) octets where \(count) are expected")
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw SystemdError(.store, "what was stored cannot be read: \(errorText(errno))")
        }
        defer { munmap(start, count) }
        return try body(UnsafeRawBufferPointer(start: start, count: count))
    }
}
