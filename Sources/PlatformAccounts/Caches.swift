// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import ChildPrograms
import NIOCore
import Secrets
import Vocabulary
import Waiting

/// The platform's caches, which may know a former password (`accounts.flush`).
struct Caches: Sendable {
    /// A login waits for it.
    static let patience = Duration.seconds(5)

    private enum Place: Sendable {
        case program(String, WorkerPool)
        case doveadm(Doveadm)
    }

    private let place: Place

    init(_ address: FlushAddress, key: Password?, group: any EventLoopGroup) {
        place =
            switch address {
            case .program(let path): .program(path, WorkerPool("flush", threads: 16))
            case .doveadm(let address): .doveadm(Doveadm(address: address, key: key, group: group))
            }
    }

    /// Returns when they have forgotten the account's password.
    func forget(_ account: EmailAddress) async throws(DirectoryError) {
        let deadline = ContinuousClock.now + Self.patience
        switch place {
        case .doveadm(let doveadm): try await doveadm.forget(account, until: deadline)
        case .program(let path, let workers):
            let failure = await workers.run(within: Self.patience) { () -> DirectoryError? in
                let left = deadline - .now
                guard left > .zero else { return Self.late }
                do throws(ChildProgram.Failure) {
                    _ = try ChildProgram(path: path, arguments: [account.description]).run([], patience: left)
                } catch {
                    return DirectoryError(error.description)
                }
                return nil
            }
            // Both nil where it is done; a lack of time is told apart by its own answer.
            switch failure {
            case nil: throw Self.late
            case .some(let failure): if let failure { throw failure }
            }
        }
    }

    private static let late = DirectoryError("accounts.flush took more than 5 s")
}
