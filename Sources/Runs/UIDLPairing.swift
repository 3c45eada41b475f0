// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// Which message of an inbox by IMAP is which by POP3: a value, without I/O.
///
/// Both list the same messages in the order of their arrival, so they are paired from both ends for as long as sizes
/// agree. A pair whose neighbours have the same size may be off by one: its headers have to tell, and so they do where
/// sizes differ.
struct UIDLPairing: Sendable {
    typealias Pair = (message: ListedMessage, pop3: ListedMessage)

    /// Beyond doubt.
    private(set) var certain: [Pair] = []
    /// By order and size, among others of the same size.
    private(set) var doubtful: [Pair] = []
    /// Those that only their headers can pair.
    private(set) var messages: [ListedMessage] = []
    private(set) var others: [ListedMessage] = []

    /// - Parameters:
    ///   - inbox, pop3: in the order of the listing.
    ///   - wanted: whether it matters which UIDL a message has.
    init(_ inbox: [ListedMessage], _ pop3: [ListedMessage], where wanted: (ListedMessage) -> Bool) {
        let most = min(inbox.count, pop3.count)
        var start = 0
        while start < most, inbox[start].octets == pop3[start].octets { start += 1 }
        var end = 0
        while end < most - start, inbox[inbox.count - 1 - end].octets == pop3[pop3.count - 1 - end].octets { end += 1 }
        func pair(_ index: Int, _ other: Int) {
            guard wanted(inbox[index]) else { return }
            let size = inbox[index].octets
            let isAmongEquals =
                size == nil || (index > 0 && inbox[index - 1].octets == size)
                || (index + 1 < inbox.count && inbox[index + 1].octets == size)
            let pair = (inbox[index], pop3[other])
            if isAmongEquals { doubtful.append(pair) } else { certain.append(pair) }
        }
        for index in 0..<start { pair(index, index) }
        for back in stride(from: end, to: 0, by: -1) { pair(inbox.count - back, pop3.count - back) }
        messages = inbox[start..<(inbox.count - end)].filter(wanted)
        others = Array(pop3[start..<(pop3.count - end)])
    }

    /// The pairs that headers leave, each by its hash; nil for a header that could not be had.
    static func paired(
        doubtful: [(pair: Pair, headers: (UInt64?, UInt64?))], messages: [(ListedMessage, UInt64?)],
        others: [(ListedMessage, UInt64?)]
    ) -> [Pair] {
        var pairs: [Pair] = []
        var (messages, others) = (messages, others)
        for (pair, headers) in doubtful {
            if let header = headers.0, header == headers.1 {
                pairs.append(pair)
            } else {
                messages.append((pair.message, headers.0))
                others.append((pair.pop3, headers.1))
            }
        }
        let (mine, theirs) = (single(messages), single(others))
        for (header, message) in mine {
            if let other = theirs[header] { pairs.append((message, other)) }
        }
        return pairs
    }

    /// By header, those that share theirs with no other.
    private static func single(_ messages: [(ListedMessage, UInt64?)]) -> [UInt64: ListedMessage] {
        var found: [UInt64: ListedMessage?] = [:]
        for case (let message, let header?) in messages {
            found[header] = found[header] == nil ? .some(message) : .some(nil)
        }
        return found.compactMapValues(\.self)
    }
}
