// SPDX-License-Identifier: Apache-2.0

/// The questions that wait for a connection to one old server, in the order in which they came. Those for which somebody
/// waits go before all others.
struct QuestionLine: Sendable {
    typealias Moment = OldServerPolicy.Moment
    typealias Ticket = OldServerPolicy.Ticket
    typealias Question = OldServerPolicy.Question

    struct Waiting: Sendable {
        let ticket: Ticket
        var question: Question
    }

    private(set) var urgent: [Waiting] = []
    private(set) var patient: [Waiting] = []
    /// No deadline is earlier.
    private var earliest: Moment?

    var count: Int { urgent.count + patient.count }
    var isEmpty: Bool { urgent.isEmpty && patient.isEmpty }
    /// nil where nobody waits.
    var nextDeadline: Moment? { isEmpty ? nil : earliest }

    /// One that was refused comes back to where it stood.
    mutating func insert(_ ticket: Ticket, _ question: Question) {
        let line = question.urgency == .somebodyWaits ? \Self.urgent : \Self.patient
        let index = self[keyPath: line].lastIndex { $0.ticket < ticket }.map { $0 + 1 } ?? 0
        self[keyPath: line].insert(Waiting(ticket: ticket, question: question), at: index)
        earliest = isEmpty ? question.deadline : min(earliest ?? question.deadline, question.deadline)
    }

    /// - Returns: whether it waited.
    mutating func remove(_ ticket: Ticket) -> Bool {
        for line in [\Self.urgent, \Self.patient] {
            guard let index = self[keyPath: line].firstIndex(where: { $0.ticket == ticket }) else { continue }
            self[keyPath: line].remove(at: index)
            return true
        }
        return false
    }

    /// - Returns: whether it waited; then it does so until `deadline` at most.
    mutating func hasten(_ ticket: Ticket, to deadline: Moment) -> Bool {
        for line in [\Self.urgent, \Self.patient] {
            guard let index = self[keyPath: line].firstIndex(where: { $0.ticket == ticket }) else { continue }
            let before = self[keyPath: line][index].question.deadline
            self[keyPath: line][index].question.deadline = min(before, deadline)
            earliest = min(earliest ?? deadline, deadline)
            return true
        }
        return false
    }

    mutating func removeLastUrgent() { urgent.removeLast() }

    /// Takes out those whose time is up.
    mutating func removeOverdue(now: Moment) -> [Ticket] {
        guard let earliest, earliest <= now else { return [] }
        let overdue = (urgent + patient).filter { $0.question.deadline <= now }.map(\.ticket)
        urgent.removeAll { $0.question.deadline <= now }
        patient.removeAll { $0.question.deadline <= now }
        self.earliest = (urgent + patient).map(\.question.deadline).min()
        return overdue
    }

    mutating func removeAll() -> [Ticket] {
        defer { self = QuestionLine() }
        return (urgent + patient).map(\.ticket)
    }
}
