// SPDX-License-Identifier: Apache-2.0

public import MailMoveAPI
import Vocabulary

extension MailMoveClient {
    /// An account's status: as it is, and each time it changes.
    ///
    /// ```swift
    /// for try await status in try mailmove.watchStatus(account: "ann@example.com") {
    ///     page.show(status)
    ///     if status.status == .completed { break }
    /// }
    /// ```
    ///
    /// A watch has a connection of its own, which ends with the iteration. When the daemon restarts, the watch
    /// continues with the status as it is then. A slow reader misses states in between, but never the last one.
    ///
    /// Iterating throws ``MailMoveError`` where the daemon refuses, and ends when the task is cancelled.
    public nonisolated func watchStatus(account: String) throws(MailMoveError) -> StatusUpdates {
        StatusUpdates(client: self, target: WatchStatus(account: try address(account)))
    }

    /// A domain at a glance, then each account's status when it changes, and the domain's figures once a second while they
    /// change. On the admin socket alone; else as for an account.
    public nonisolated func watchStatus(domain: String) throws(MailMoveError) -> DomainUpdates {
        DomainUpdates(client: self, target: WatchStatus(domain: try self.domain(domain)))
    }
}

/// The states of one account. Each iteration is a watch of its own.
public struct StatusUpdates: AsyncSequence, Sendable {
    let client: MailMoveClient
    let target: WatchStatus

    public func makeAsyncIterator() -> Iterator { Iterator(subscription: client.watch(target)) }

    public struct Iterator: AsyncIteratorProtocol {
        let subscription: Subscription

        public mutating func next() async throws -> Status? {
            switch try await subscription.next() {
            case .snapshot(.account(let status)), .changed(let status): status
            case .snapshot(.domain), .progress:
                throw MailMoveError(.invalidReply, "mailmoved told of a domain, not of an account")
            case nil: nil
            }
        }
    }
}

/// What happens in a domain. Each iteration is a watch of its own.
public struct DomainUpdates: AsyncSequence, Sendable {
    public enum Update: Hashable, Sendable {
        /// How the domain stands: at the beginning, and after a connection was lost.
        case snapshot(DomainSnapshot)
        /// An account's status, as it is now.
        case changed(Status)
        /// The domain's figures: at the beginning, and when they are others.
        case progress(DomainProgress)
    }

    let client: MailMoveClient
    let target: WatchStatus

    public func makeAsyncIterator() -> Iterator { Iterator(subscription: client.watch(target)) }

    public struct Iterator: AsyncIteratorProtocol {
        let subscription: Subscription

        public mutating func next() async throws -> Update? {
            switch try await subscription.next() {
            case .snapshot(.domain(let snapshot)): .snapshot(snapshot)
            case .snapshot(.account):
                throw MailMoveError(.invalidReply, "mailmoved told of an account, not of a domain")
            case .changed(let status): .changed(status)
            case .progress(let progress): .progress(progress)
            case nil: nil
            }
        }
    }
}
