// SPDX-License-Identifier: Apache-2.0

package import MailSource
package import Secrets
package import Vocabulary

extension SourceConnection {
    /// Logs in as the old server's master user, into the mailbox of `owner`.
    package func check(
        _ master: OldServer.Master, for owner: String, password: Password
    ) async throws(SourceError) -> SourceAnswer {
        let user = master.username(for: owner)
        switch master.form {
        case .behind, .before: return try await check(user: user, password: password)
        case .authorization: return try await check(user: user, enteringFor: owner, password: password)
        }
    }
}
