// SPDX-License-Identifier: Apache-2.0

public import JSONRPC
import JSONWire
public import MailMoveAPI
import Records
import Synchronization
import Vocabulary

/// Answers callers from the first moment on: as long as the database cannot be reached, with that; then the methods do.
public final class Reception: RequestHandler {
    private let table = Mutex<MethodTable?>(nil)
    private let service: @Sendable () async -> ServiceStatus

    /// - Parameter service: how the daemon is doing meanwhile.
    public init(service: @escaping @Sendable () async -> ServiceStatus) { self.service = service }

    /// From now on, `table` answers.
    public func open(_ table: MethodTable) { self.table.withLock { $0 = table } }

    public func handle(_ call: Call<Role>) async throws -> Answer {
        if let table = table.withLock({ $0 }) { return try await table.handle(call) }
        return try await MethodTable.answerWithoutRecords(call, service)
    }

    public func answerAtOnce(_ call: Call<Role>) throws -> Answer? { try MethodTable.answerAtOnce(call) }
}

extension MethodTable {
    /// As long as nothing is known.
    fileprivate static func answerWithoutRecords(
        _ call: Call<Role>, _ service: @Sendable () async -> ServiceStatus
    ) async throws -> Answer {
        do {
            try checkRole(call)
            switch call.method {
            case "ping": return try Answer(ProgramVersion())
            case "rpc.discover": return try discover(call)
            case "getServiceStatus": return try Answer(await service())
            default:
                throw RecordsError(code: .unavailable, detail: "The database has not been reached since the start.")
            }
        } catch let error as RPCError {
            throw error
        } catch {
            if let failure = CallFailure(for: error) { throw failure.rpcError }
            throw error
        }
    }
}
