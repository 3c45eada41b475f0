// SPDX-License-Identifier: Apache-2.0

// Finds what is wrong, and says what to do. Nothing here moves mail, except a repair that is asked for.
//
// - ``OldServerVerification``: checks an old server, step by step, before anyone relies on it; ``OldServerWarnings``:
//   what an administrator is told when setting one.
// - ``DomainCheck``: whether DNS points to the new platform yet. It gathers ``DomainFacts``, from which
//   ``DomainFindings``, a value, draws conclusions.
// - ``IntegrityCheck``: compares the ledger with the mailbox here and on the old server (``IntegrityComparison``, a
//   value).
