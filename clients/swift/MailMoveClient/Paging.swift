// SPDX-License-Identifier: Apache-2.0

public import MailMoveAPI
import Vocabulary

/// The elements of a list that comes in pages; a page is fetched when its first element is wanted.
///
/// ```swift
/// for try await account in try mailmove.accounts(domain: "example.com") where !account.handedOver {
///     print(account.address)
/// }
/// ```
///
/// Each iteration begins at the first page. A page that fails for a reason that passes can be asked for again: the
/// iterator stays where it was.
public struct Paged<Element: Sendable>: AsyncSequence, Sendable {
    /// The elements of a page, and where the next one begins; nil after the last.
    let page: @Sendable (_ cursor: String?) async throws -> (elements: [Element], next: String?)

    public func makeAsyncIterator() -> Iterator { Iterator(page: page) }

    public struct Iterator: AsyncIteratorProtocol {
        let page: @Sendable (String?) async throws -> (elements: [Element], next: String?)
        private var elements: ArraySlice<Element> = []
        private var cursor: String?
        private var isLast = false

        init(page: @escaping @Sendable (String?) async throws -> (elements: [Element], next: String?)) {
            self.page = page
        }

        public mutating func next() async throws -> Element? {
            // A page may be empty, and another may follow it.
            while elements.isEmpty, !isLast {
                let answer = try await page(cursor)
                elements = answer.elements[...]
                cursor = answer.next
                isLast = answer.next == nil
            }
            return elements.popFirst()
        }
    }
}

extension MailMoveClient {
    private static let pageLength = 1000

    /// All accounts of a domain, by address.
    /// - Parameters:
    ///   - domain: in U-form or A-form.
    ///   - search: part of the address or the display name.
    public nonisolated func accounts(
        domain: String, search: String? = nil
    ) throws(MailMoveError) -> Paged<AccountPage.Account> {
        let domain = try self.domain(domain)
        return Paged { cursor in
            let page = try await self.call(
                Contract.listAccounts,
                ListAccounts(domain: domain, search: search, cursor: cursor, limit: Self.pageLength))
            return (page.accounts, page.nextCursor)
        }
    }

    /// All accounts that the query selects, and where their moves stand; its cursor and limit are not used.
    public nonisolated func log(_ query: ListLog) -> Paged<Status> {
        Paged { cursor in
            var query = query
            query.cursor = cursor
            query.limit = Self.pageLength
            let page = try await self.call(Contract.listLog, query)
            return (page.entries, page.nextCursor)
        }
    }

    /// Everything that the query selects of what has happened, in order; its cursor and limit are not used.
    public nonisolated func events(_ query: ListEvents) -> Paged<EventPage.Event> {
        Paged { cursor in
            var query = query
            query.cursor = cursor
            query.limit = Self.pageLength
            let page = try await self.call(Contract.listEvents, query)
            return (page.events, page.nextCursor)
        }
    }
}
