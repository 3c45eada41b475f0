// SPDX-License-Identifier: Apache-2.0

// A request's way: its method is looked up in the contract, the socket's role is compared with the method's, the
// declaration checks and decodes the parameters, the domain is called, and its answer, or its error, is put into the
// contract's form.

public import JSONRPC
import JSONWire
import Logging
public import MailMoveAPI
public import Migration
import Vocabulary

/// The contract's methods, carried out by the domain.
public struct MethodTable: Sendable {
    let move: MailMove
    private let service: @Sendable () async -> ServiceStatus
    private let metrics: @Sendable () async -> String
    private let log = Logger(label: "mailmove.methods")

    /// The server's own errors, in the contract's form.
    public static let serverErrors: ServerErrors = {
        var errors = ServerErrors()
        errors.overloaded =
            CallFailure(.overloaded, detail: "more clients or requests than limits.connections and the rest allow")
            .rpcError
        errors.shuttingDown =
            CallFailure(.shuttingDown, detail: "the daemon shuts down; connect again in a moment").rpcError
        return errors
    }()

    /// - Parameters:
    ///   - metrics: its figures for monitoring, as OpenMetrics.
    ///   - service: how the daemon is doing.
    public init(
        move: MailMove, metrics: @escaping @Sendable () async -> String,
        service: @escaping @Sendable () async -> ServiceStatus
    ) {
        self.move = move
        self.metrics = metrics
        self.service = service
    }
}

extension MethodTable: RequestHandler {
    public func handle(_ call: Call<Role>) async throws -> Answer {
        do {
            try Self.checkRole(call)
            return try await answer(call)
        } catch let error as RPCError {
            throw error
        } catch {
            if let failure = CallFailure(for: error) { throw failure.rpcError }
            throw error
        }
    }

    public func answerAtOnce(_ call: Call<Role>) throws -> Answer? { try Self.answerAtOnce(call) }

    /// `ping` neither waits nor computes.
    static func answerAtOnce(_ call: Call<Role>) throws -> Answer? {
        guard call.method == Contract.ping.name else { return nil }
        do {
            _ = try Contract.ping.parameters(from: call.params)
        } catch {
            throw CallFailure(error).rpcError
        }
        return try Answer(ProgramVersion())
    }

    static func checkRole(_ call: Call<Role>) throws {
        guard let method = Contract.method(named: call.method) else {
            if Contract.planned.contains(call.method) {
                var error = RPCError.methodNotFound(call.method)
                error.data = ["detail": .string("\(call.method) is not built yet")]
                throw error
            }
            throw RPCError.methodNotFound(String(call.method.prefix(100)))
        }
        guard method.role <= call.role else { throw forbidden(call) }
    }

    private static func forbidden(_ call: Call<Role>) -> CallFailure {
        CallFailure(.forbidden, detail: "\(call.method) may be called on the admin socket only")
    }

    private func answer(_ call: Call<Role>) async throws -> Answer {
        switch call.method {
        case "createAccounts": try await answer(Contract.createAccounts, call, createAccounts)
        case "importAccounts": try await answer(Contract.importAccounts, call, importAccounts)
        case "setPassword": try await answer(Contract.setPassword, call, setPassword)
        case "listAccounts": try await answer(Contract.listAccounts, call, listAccounts)
        case "exportAccounts": try await answer(Contract.exportAccounts, call, exportAccounts)
        case "closeAccounts": try await answer(Contract.closeAccounts, call, closeAccounts)
        case "verifyAccounts": try await answer(Contract.verifyAccounts, call, verifyAccounts)
        case "deleteAccounts": try await answer(Contract.deleteAccounts, call, deleteAccounts)
        case "enableMigration": try await answer(Contract.enableMigration, call, enableMigration)
        case "importMigrations": try await answer(Contract.importMigrations, call, importMigrations)
        case "updateMigration": try await answer(Contract.updateMigration, call, updateMigration)
        case "disableMigration": try await answer(Contract.disableMigration, call, disableMigration)
        case "getMigration": try await answer(Contract.getMigration, call, getMigration)
        case "listMigrations": try await answer(Contract.listMigrations, call, listMigrations)
        case "forgetMigration": try await answer(Contract.forgetMigration, call, forgetMigration)
        case "detectOldServer": try await answer(Contract.detectOldServer, call, detectOldServer)
        case "verifyOldServer": try await answer(Contract.verifyOldServer, call, verifyOldServer)
        case "checkDomain": try await answer(Contract.checkDomain, call, checkDomain)
        case "getReport": try await answer(Contract.getReport, call, getReport)
        case "checkIntegrity": try await answer(Contract.checkIntegrity, call, checkIntegrity)
        case "authenticate": try await answer(Contract.authenticate, call, authenticate)
        case "triggerMigration": try await answer(Contract.triggerMigration, call, triggerMigration)
        case "moveAccounts": try await answer(Contract.moveAccounts, call, moveAccounts)
        case "pauseAccounts": try await answer(Contract.pauseAccounts, call, pauseAccounts)
        case "resumeAccounts": try await answer(Contract.resumeAccounts, call, resumeAccounts)
        case "retryNow": try await answer(Contract.retryNow, call, retryNow)
        case "queryStatus": try await answer(Contract.queryStatus, call, queryStatus)
        case "listLog": try await answer(Contract.listLog, call, listLog)
        case "listEvents": try await answer(Contract.listEvents, call, listEvents)
        case "listFolders": try await answer(Contract.listFolders, call, listFolders)
        case "watchStatus": try await watchStatus(call)
        case "unwatch":
            try await answer(Contract.unwatch, call) { _ in
                call.peer.cancelSubscriptions()
                return Nothing()
            }
        case "ping": try await answer(Contract.ping, call) { _ in ProgramVersion() }
        case "rpc.discover": try Self.discover(call)
        case "getServiceStatus": try await answer(Contract.getServiceStatus, call) { _ in await service() }
        case "getMetrics":
            try await answer(Contract.getMetrics, call) { _ in MetricsText(text: await metrics()) }
        default: throw RPCError.internalError
        }
    }

    private func answer<Parameters, Result>(
        _ method: MethodDeclaration<Parameters, Result>, _ call: Call<Role>,
        _ body: (Parameters) async throws -> Result
    ) async throws -> Answer {
        let language = (call.params?["lang"]?.string).flatMap(Language.init(rawValue:)) ?? .english
        return try Answer(try await language.localized { try await body(try method.parameters(from: call.params)) })
    }

    /// The document is built once.
    static func discover(_ call: Call<Role>) throws -> Answer {
        _ = try Contract.discover.parameters(from: call.params)
        return Answer(encoded: try OpenRPC.text(for: call.role))
    }

    private func watchStatus(_ call: Call<Role>) async throws -> Answer {
        let parameters = try Contract.watchStatus.parameters(from: call.params)
        guard parameters.role <= call.role else { throw Self.forbidden(call) }
        return try await watch(parameters)
    }
}
