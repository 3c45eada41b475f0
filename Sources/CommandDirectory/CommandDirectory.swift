// SPDX-License-Identifier: Apache-2.0

public import AccountDirectory
import ChildPrograms
import JSONWire
public import Secrets
public import Vocabulary
import Waiting

/// A platform's accounts behind a program that knows its API (`accounts.command`).
///
/// The program is started for each question, reads one JSON object from its standard input, writes one line to its
/// standard output, and ends. Whatever else it does is a directory that cannot be read. No question is ever part of its
/// command line, and what it writes to standard error is thrown away: that may be what it was asked.
public struct CommandDirectory: AccountDirectory {
    private let program: ChildProgram
    private let patience: Duration
    private let workers: WorkerPool

    /// Longer answers to a question about one account, and about a domain, are none.
    private static let mostOctets = 65_536
    private static let mostListed = 64 << 20

    /// - Parameters:
    ///   - program: its path.
    ///   - patience: what a question may take.
    ///   - atOnce: how many programs run at the same time.
    public init(program: String, patience: Duration, atOnce: Int = 16) {
        self.program = ChildProgram(path: program)
        self.patience = patience
        workers = WorkerPool("accounts", threads: atOnce)
    }

    public var decidesLogins: Bool { false }
    public var canCreate: Bool { true }
    public var comparesPasswords: Bool { true }

    public func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry? {
        let answer = try await ask(Question("lookup", address))
        guard try answer.truth("found") else { return nil }
        return DirectoryEntry(
            hash: try answer.text("password"), isActive: try answer.optionalTruth("active") ?? true,
            isExternal: try answer.optionalTruth("external") ?? false, displayName: try answer.text("name"),
            quotaOctets: try answer.number("quota"), changedAt: try answer.time("changedAt"))
    }

    public func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool {
        var question = Question("verify", address)
        password.withOctets { question.add("password", $0) }
        return try await ask(question).truth("matches")
    }

    public func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement {
        guard let found = try await lookup(address, recorded: nil) else { return .absent }
        guard found.hash == expected else { return .changed }
        var question = Question("replace", address)
        question.add("expected", expected)
        question.add("password", hash)
        return try await ask(question).truth("replaced") ? .replaced : .changed
    }

    public func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool {
        if try await lookup(address, recorded: nil) != nil { return false }
        var question = Question("create", address)
        question.add("password", hash)
        return try await ask(question).truth("created")
    }

    public func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount] {
        let answer = try await ask(Question(listing: domain), most: Self.mostListed)
        var accounts: [DirectoryAccount] = []
        for row in try answer.rows("accounts") {
            guard let text = try row.text("address") else { throw row.senseless("address") }
            guard let address = try? EmailAddress(text), address.domain == domain else { continue }
            accounts.append(
                DirectoryAccount(
                    address: address, displayName: try row.text("name"), quotaOctets: try row.number("quota")))
        }
        let sorted = accounts.sorted { $0.address < $1.address }
        return Array(sorted.drop { account in cursor.map { account.address <= $0 } ?? false }.prefix(limit))
    }

    public func connect() async throws(DirectoryError) {
        // A question whose answer is known: nobody has this address.
        _ = try await ask(Question("lookup", "nobody@mailmove.invalid")).truth("found")
    }

    private func ask(_ question: Question, most: Int = mostOctets) async throws(DirectoryError) -> Answer {
        let deadline = ContinuousClock.now + patience
        let (program, patience) = (program, patience)
        let result = await workers.runUnlessCancelled(within: patience) { () -> Result<[UInt8], ChildProgram.Failure> in
            Result { () throws(ChildProgram.Failure) in
                let left = deadline - .now
                guard left > .zero else { throw Self.late(program, patience) }
                return try program.run(question.line, output: .line(most: most), patience: left)
            }
        }
        do throws(ChildProgram.Failure) {
            let line = try (result ?? .failure(Self.late(program, patience))).get()
            return try Answer(line, from: program.path)
        } catch {
            throw DirectoryError(error.description)
        }
    }

    private static func late(_ program: ChildProgram, _ patience: Duration) -> ChildProgram.Failure {
        ChildProgram.Failure("\(program.path) did not answer within \(Int(patience / .seconds(1))) s")
    }
}
