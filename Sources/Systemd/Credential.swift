// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A secret that the unit passes in (`LoadCredential=`, `LoadCredentialEncrypted=`; systemd.exec(5)).
public enum Credential {
    /// Calls `body` with the octets of `$CREDENTIALS_DIRECTORY/name`, which are valid only during the call.
    ///
    /// - Returns: nil if there is no such credential.
    /// - Throws: ``SystemdError`` (`credential`) if it cannot be read, or does not have exactly `count` octets.
    public static func withOctets<Result>(
        named name: String, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        guard let directory = getenv("CREDENTIALS_DIRECTORY") else { return nil }
        let path = String(cString: directory) + "/" + name
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            guard errno != ENOENT else { return nil }
            throw SystemdError(.credential, "the credential \(name) cannot be read: \(errorText(errno)) (\(path))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size == count else {
            throw SystemdError(
                .credential,
                "the credential \(name) has \(status.st_size) octets instead of \(count); make it with: "
                    + "head -c \(count) /dev/urandom | systemd-creds encrypt --name=\(name) - FILE")
        }
        return try SealedMemory.withOctets(of: descriptor, count: count, body)
    }

    /// The same, of a credential that is a line of text, such as a password: without the line's end.
    ///
    /// - Throws: ``SystemdError`` (`credential`) if it cannot be read, is empty, or has more than `most` octets.
    public static func withLine<Result>(
        named name: String, atMost most: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        guard let directory = getenv("CREDENTIALS_DIRECTORY") else { return nil }
        return try withLine(
            of: String(cString: directory) + "/" + name, "the credential \(name)", atMost: most, body)
    }

    /// The same, of a file.
    /// - Parameter what: what it is, for people.
    public static func withLine<Result>(
        of path: String, _ what: String, atMost most: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            guard errno != ENOENT else { return nil }
            throw SystemdError(.credential, "\(what) cannot be read: \(errorText(errno)) (\(path))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0, status.st_size <= most + 2 else {
            throw SystemdError(
                .credential, "\(what) is empty, or has more than one line of \(most) octets (\(path))")
        }
        return try SealedMemory.withOctets(of: descriptor, count: Int(status.st_size)) { octets in
            var end = octets.count
            if end > 0, octets[end - 1] == 10 { end -= 1 }
            if end > 0, octets[end - 1] == 13 { end -= 1 }
            guard (1...most).contains(end), !octets[..<end].contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) else {
                throw SystemdError(
                    .credential, "\(what) is empty, or has more than one line of \(most) octets (\(path))")
            }
            return try body(UnsafeRawBufferPointer(rebasing: octets[..<end]))
        }
    }
}
