// SPDX-License-Identifier: Apache-2.0

extension DaemonConfiguration.IMAP {
    /// Where `mailStore.kind` is `imap`: keys that are missing, or contradict each other, and what to do.
    var faults: [(name: String, detail: String)] {
        var faults: [(String, String)] = []
        if address == nil {
            faults.append(
                ("mailStore.imap.address", "mailStore.kind is imap: give the platform's IMAP server, HOST:PORT"))
        }
        if masterUser == nil {
            faults.append(
                (
                    "mailStore.imap.masterUser",
                    "mailStore.kind is imap: give the platform's master user, who may enter every mailbox"
                ))
        }
        if verify == .fingerprint, sha256 == nil {
            faults.append(
                (
                    "mailStore.imap.certificate.sha256",
                    "mailStore.imap.certificate.verify is fingerprint: give the certificate's SHA-256"
                ))
        }
        if sha256 != nil, verify != .fingerprint {
            faults.append(
                (
                    "mailStore.imap.certificate.verify",
                    "mailStore.imap.certificate.sha256 is given: verify has to be fingerprint"
                ))
        }
        return faults
    }
}
