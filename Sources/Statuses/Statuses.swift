// SPDX-License-Identifier: Apache-2.0

// What happens to an account, how it is shown, and who is told.
//
// 1. Whatever happens to an account is one of its `AccountChanges`, each of which leaves its row consistent.
// 2. ``StatusBoard`` is told of each row once its change is durable, and tells all who watch. For accounts that are
//    moving it answers from memory.
// 3. ``AccountStatus`` is how a row and its domain's settings look to users and administrators; ``StatusText`` puts
//    that into a sentence.
// 4. ``DomainFigures`` are a domain's sums, its rates over the last minute (`MoveActivity`), and the time that is left.
