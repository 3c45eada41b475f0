// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The contract: every method, declared once.
///
/// A declaration says a method's name, its role, the types of its parameters and result with their schema, the
/// errors it may give, and a sentence for people. From it come:
///
/// 1. the check of what a client sends, and its decoding (``MethodDeclaration/parameters(from:)``);
/// 2. the Swift client's calls;
/// 3. the reference: `rpc.discover`'s document (``OpenRPC``) and the man page.
public enum Contract {
    /// All methods, as a reader of the reference meets them.
    public static let methods: [any Method] = [
        createAccounts, importAccounts, setPassword, listAccounts, exportAccounts, deleteAccounts, closeAccounts,
        verifyAccounts,
        enableMigration, importMigrations, updateMigration, disableMigration, getMigration, listMigrations,
        forgetMigration,
        detectOldServer, verifyOldServer,
        checkDomain, checkIntegrity,
        authenticate, triggerMigration, moveAccounts, pauseAccounts, resumeAccounts, retryNow,
        queryStatus,
        listLog, listEvents, listFolders, watchStatus, unwatch, getReport,
        ping, discover, getServiceStatus, getMetrics,
    ]

    /// Methods that are described but not built yet: calling one says so.
    public static let planned: Set<String> = []

    /// The errors that any method may give.
    public static let everywhere: [Reason] = [.forbidden, .overloaded, .shuttingDown, .databaseUnavailable]

    /// The method of that name.
    public static func method(named name: String) -> (any Method)? { byName[name] }

    private static let byName: [String: any Method] = Dictionary(
        methods.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
