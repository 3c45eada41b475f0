// SPDX-License-Identifier: Apache-2.0

extension Migrations {
    /// What a crash between two databases needs to know; NULL but during a hand-over.
    static let intendedHandOvers = """
        ALTER TABLE account ADD COLUMN intendedHash TEXT;
        ALTER TABLE account ADD COLUMN intendedSealed BLOB;
        ALTER TABLE account ADD COLUMN intendedGeneration INTEGER;
        ALTER TABLE account ADD COLUMN intendedVia TEXT;
        CREATE INDEX account_handing_over ON account (domain) WHERE intendedHash IS NOT NULL;
        """
}
