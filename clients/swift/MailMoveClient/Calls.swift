// SPDX-License-Identifier: Apache-2.0

public import JSONWire
public import MailMoveAPI
public import Secrets
public import Vocabulary

/// The contract's methods. Each throws ``MailMoveError``; an invalid address or domain is refused before it is sent.
extension MailMoveClient {
    // MARK: A login's

    /// Decides a login; the first right old password starts the move.
    public func authenticate(
        account: String, password: Password, via: TriggerOrigin = .other, remoteAddress: String? = nil,
        timeout: Duration? = nil
    ) async throws -> LoginDecision {
        try await call(
            Contract.authenticate,
            Authenticate(account: address(account), password: password, via: via, remoteAddress: remoteAddress),
            timeout: timeout)
    }

    /// Starts an account's move with its old password; a wrong one is `credentialsRejected` and changes nothing.
    public func triggerMigration(
        account: String, password: Password, via: TriggerOrigin = .portal, remoteAddress: String? = nil
    ) async throws -> Status {
        try await call(
            Contract.triggerMigration,
            TriggerMigration(account: address(account), password: password, via: via, remoteAddress: remoteAddress))
    }

    /// Where an account's move stands.
    public func queryStatus(account: String) async throws -> Status {
        try await call(Contract.queryStatus, OneAccount(account: address(account)))
    }

    /// The daemon's version.
    public func ping() async throws -> String {
        try await call(Contract.ping, NoParameters()).version
    }

    /// The methods of this socket, as an OpenRPC document.
    public func discover() async throws -> JSONValue {
        try await call(Contract.discover, NoParameters()).document
    }

    // MARK: The administrator's: accounts

    /// Creates accounts, many at once; rejected rows are in the result.
    public func createAccounts(
        _ accounts: [CreateAccounts.Row], onExisting: OnExisting = .skip
    ) async throws -> CreatedAccounts {
        try await call(Contract.createAccounts, CreateAccounts(accounts: accounts, onExisting: onExisting))
    }

    /// Creates accounts from a file as another system exports it; rejected rows are in the result.
    public func importAccounts(_ parameters: ImportAccounts) async throws -> ImportedAccounts {
        try await call(Contract.importAccounts, parameters)
    }

    /// Changes a password and closes the account to hand-over.
    public func setPassword(account: String, password: Password) async throws {
        _ = try await call(Contract.setPassword, SetPassword(account: address(account), password: password))
    }

    /// Changes a password, given as `{SCHEME}…`, and closes the account to hand-over.
    public func setPassword(account: String, passwordHash: String) async throws {
        _ = try await call(Contract.setPassword, SetPassword(account: address(account), passwordHash: passwordHash))
    }

    /// A page of a domain's accounts.
    public func listAccounts(
        domain: String, search: String? = nil, cursor: String? = nil, limit: Int? = nil
    ) async throws -> AccountPage {
        try await call(
            Contract.listAccounts,
            ListAccounts(domain: self.domain(domain), search: search, cursor: cursor, limit: limit))
    }

    /// Deletes accounts and stops their moves; never touches mail.
    public func deleteAccounts(_ accounts: [String]) async throws -> DeletedAccounts {
        try await call(Contract.deleteAccounts, DeleteAccounts(accounts: accounts))
    }

    // MARK: The administrator's: migrations

    /// Enables a domain's migration, or changes its settings and starts a new window.
    public func enableMigration(_ parameters: EnableMigration) async throws -> Migration {
        try await call(Contract.enableMigration, parameters)
    }

    /// Changes those settings of a domain that are named; what has changed is in the result.
    public func updateMigration(_ parameters: UpdateMigration) async throws -> Migration {
        try await call(Contract.updateMigration, parameters)
    }

    /// Ends a domain's migration: running moves finish their batch and stop.
    public func disableMigration(domain: String) async throws -> Migration {
        try await call(Contract.disableMigration, OneDomain(domain: self.domain(domain)))
    }

    /// A domain's settings, and how far its migration is.
    public func getMigration(domain: String) async throws -> Migration {
        try await call(Contract.getMigration, OneDomain(domain: self.domain(domain)))
    }

    /// Every domain's migration, without the lists of accounts.
    public func listMigrations() async throws -> [Migration] {
        try await call(Contract.listMigrations, NoParameters()).migrations
    }

    /// Forgets a domain's settings and what has been moved.
    public func forgetMigration(domain: String) async throws {
        _ = try await call(Contract.forgetMigration, OneDomain(domain: self.domain(domain)))
    }

    /// Finds out which server holds a domain's mailboxes; with a password, whose user names are like what.
    public func detectOldServer(_ parameters: DetectOldServer) async throws -> DetectedServers {
        try await call(Contract.detectOldServer, parameters)
    }

    /// Tries an old server step by step and tells what it finds.
    public func verifyOldServer(_ parameters: VerifyOldServer) async throws -> ServerFindings {
        try await call(Contract.verifyOldServer, parameters, timeout: .seconds(120))
    }

    /// Tells whether DNS points at the new platform, and whether the old server can still be reached.
    public func checkDomain(domain: String, platform: CheckDomain.Platform? = nil) async throws -> DomainReport {
        try await call(Contract.checkDomain, CheckDomain(domain: self.domain(domain), platform: platform))
    }

    /// Compares what was moved with mailboxes and old server. It reads all their mail, which may take long.
    public func checkIntegrity(_ parameters: CheckIntegrity) async throws -> IntegrityReport {
        try await call(Contract.checkIntegrity, parameters, timeout: .seconds(3600))
    }

    /// How a domain's migration has gone.
    public func getReport(_ parameters: GetReport) async throws -> Report {
        try await call(Contract.getReport, parameters, timeout: .seconds(120))
    }

    /// The daemon's figures for monitoring, as OpenMetrics.
    public func getMetrics() async throws -> String {
        try await call(Contract.getMetrics, NoParameters()).text
    }

    /// Enables the migrations of many domains, as a YAML file has them.
    public func importMigrations(_ parameters: ImportMigrations) async throws -> ImportedMigrations {
        try await call(Contract.importMigrations, parameters, timeout: .seconds(600))
    }

    /// A page of a domain's accounts with their password hashes.
    public func exportAccounts(_ parameters: ExportAccounts) async throws -> ExportedAccounts {
        try await call(Contract.exportAccounts, parameters)
    }

    /// Closes accounts to hand-over, as a change of password would.
    public func closeAccounts(_ accounts: [String]) async throws -> CloseReport {
        try await call(Contract.closeAccounts, NamedAccounts(accounts: accounts))
    }

    /// Tries the platform's own accounts, and changes nothing.
    public func verifyAccounts(account: String? = nil) async throws -> AccountsFindings {
        try await call(
            Contract.verifyAccounts,
            VerifyAccounts(account: account.map { text throws(MailMoveError) in try address(text) }))
    }

    /// Lets accounts log in as ever, and not move.
    public func pauseAccounts(_ accounts: [String]) async throws -> PauseReport {
        try await call(Contract.pauseAccounts, NamedAccounts(accounts: accounts))
    }

    /// Lets paused accounts move again.
    public func resumeAccounts(_ accounts: [String]) async throws -> ResumeReport {
        try await call(Contract.resumeAccounts, NamedAccounts(accounts: accounts))
    }

    /// Tries at once what waits for its next try in a domain.
    public func retryNow(domain: String) async throws -> RetryReport {
        try await call(Contract.retryNow, RetryNow(domain: self.domain(domain)))
    }

    /// Tries at once what waits for its next try, of some accounts.
    public func retryNow(accounts: [String]) async throws -> RetryReport {
        let addresses = try accounts.map { text throws(MailMoveError) in try address(text) }
        return try await call(Contract.retryNow, RetryNow(accounts: addresses))
    }

    // MARK: The administrator's: what is going on

    /// A page of a domain's accounts and where their moves stand.
    public func listLog(_ parameters: ListLog) async throws -> StatusPage {
        try await call(Contract.listLog, parameters)
    }

    /// Moves mail through the old server's master user before anyone logs in.
    public func moveAccounts(_ parameters: MoveAccounts) async throws -> MoveReport {
        try await call(Contract.moveAccounts, parameters)
    }

    /// The folders of an account's old mailbox, and where their mail goes.
    public func listFolders(account: String) async throws -> FolderList {
        try await call(Contract.listFolders, OneAccount(account: address(account)))
    }

    /// A page of what happened.
    public func listEvents(_ parameters: ListEvents) async throws -> EventPage {
        try await call(Contract.listEvents, parameters)
    }

    /// How the daemon is.
    public func getServiceStatus() async throws -> ServiceStatus {
        try await call(Contract.getServiceStatus, NoParameters())
    }
}

// Text becomes an address or a domain here, at the edge of the program.
extension MailMoveClient {
    nonisolated func address(_ text: String) throws(MailMoveError) -> EmailAddress {
        do throws(InvalidAddress) {
            return try EmailAddress(text)
        } catch {
            throw MailMoveError(Violation("account", "must be a full address such as ann@example.com; \(error)"))
        }
    }

    nonisolated func domain(_ text: String) throws(MailMoveError) -> DomainName {
        do throws(InvalidAddress) {
            return try DomainName(text)
        } catch {
            throw MailMoveError(Violation("domain", "must be a domain such as example.com; \(error)"))
        }
    }
}
