// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// Whether somebody waits for the result; work that can wait lets all other work go first.
package enum Urgency: Sendable { case somebodyWaits, canWait }

/// A queue for each urgency, in order of arrival: a value that does not itself wait.
struct UrgencyLine<Element: Sendable>: Sendable {
    private struct Member: Sendable {
        var number: UInt64
        var element: Element
    }

    private var urgent: Deque<Member> = []
    private var patient: Deque<Member> = []

    var isEmpty: Bool { urgent.isEmpty && patient.isEmpty }
    var count: Int { urgent.count + patient.count }
    /// How many entries somebody waits for.
    var urgentCount: Int { urgent.count }
    /// Whose turn is next.
    var first: Element? { (urgent.first ?? patient.first)?.element }

    /// - Parameter number: the element's own, by which it can be removed.
    mutating func append(_ element: Element, number: UInt64, _ urgency: Urgency) {
        switch urgency {
        case .somebodyWaits: urgent.append(Member(number: number, element: element))
        case .canWait: patient.append(Member(number: number, element: element))
        }
    }

    mutating func removeFirst() -> Element? { (urgent.popFirst() ?? patient.popFirst())?.element }

    /// - Returns: those that were in the queue.
    mutating func remove(_ numbers: ClosedRange<UInt64>) -> [Element] {
        Self.remove(numbers, from: &urgent) + Self.remove(numbers, from: &patient)
    }

    /// Removes all for which `isPicked` holds.
    mutating func removeAll(where isPicked: (Element) -> Bool) -> [Element] {
        let picked = (urgent + patient).map(\.element).filter(isPicked)
        urgent.removeAll { isPicked($0.element) }
        patient.removeAll { isPicked($0.element) }
        return picked
    }

    private static func remove(_ numbers: ClosedRange<UInt64>, from line: inout Deque<Member>) -> [Element] {
        let first = index(of: numbers.lowerBound, in: line)
        let end = line[first...].firstIndex { $0.number > numbers.upperBound } ?? line.endIndex
        guard first < end else { return [] }
        defer { line.removeSubrange(first..<end) }
        return line[first..<end].map(\.element)
    }

    /// Where it is, or would be: numbers ascend.
    private static func index(of number: UInt64, in line: Deque<Member>) -> Int {
        var (low, high) = (0, line.count)
        while low < high {
            let middle = (low + high) / 2
            if line[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
