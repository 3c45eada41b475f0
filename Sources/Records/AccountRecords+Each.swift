// SPDX-License-Identifier: Apache-2.0

extension AccountRecords {
    /// As ``change(_:_:)``, in one transaction; where one of the accounts cannot be changed, each in its own, so that it holds
    /// up no other.
    /// - Returns: for each account what has become of it, or why it could not be changed: its row is damaged, or
    ///   contradicts the change.
    /// - Throws: ``RecordsError`` of another kind, and what `decide` throws.
    public func changeEach<Verdict: Sendable>(
        _ accounts: [AccountKey],
        _ decide: @escaping @Sendable (Int, AccountFacts) throws -> (effects: AccountEffects?, verdict: Verdict)
    ) async throws -> [Result<(changed: AccountRecord?, verdict: Verdict), RecordsError>] {
        do {
            return try await change(accounts, decide).map { .success($0) }
        } catch let error as RecordsError where error.isOneAccounts {
            guard accounts.count > 1 else { return accounts.map { _ in .failure(error) } }
            var outcomes: [Result<(changed: AccountRecord?, verdict: Verdict), RecordsError>] = []
            for (place, account) in accounts.enumerated() {
                do {
                    outcomes += try await change([account]) { _, facts in try decide(place, facts) }.map {
                        .success($0)
                    }
                } catch let error as RecordsError where error.isOneAccounts {
                    outcomes.append(.failure(error))
                }
            }
            return outcomes
        }
    }
}
