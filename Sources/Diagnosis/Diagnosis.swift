// SPDX-License-Identifier: Apache-2.0

// What is wrong, and what to do. Nothing here moves mail, but for a repair that is asked for.
//
// - ``OldServerVerification``: an old server, step by step, before anyone relies on it; ``OldServerWarnings``: what is to be
//   said when it is set.
// - ``DomainCheck``: whether DNS leads to the new platform yet. It gathers ``DomainFacts``; what follows from them are
//   ``DomainFindings``, a value.
// - ``IntegrityCheck``: the ledger held against the mailbox, here and over there (``IntegrityComparison``, a value).
