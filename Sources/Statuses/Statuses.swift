// SPDX-License-Identifier: Apache-2.0

// What happens to an account, how that reads, and who is told.
//
// 1. Whatever happens to an account is one of its `AccountChanges`, which keep its row consistent.
// 2. ``StatusBoard`` is told of each row that has changed, durably, and tells all who watch. Of accounts that are moving it
//    answers from memory.
// 3. ``AccountStatus`` is what a row and its domain's settings look like to users and administrators, and ``StatusText`` the
//    sentence for it.
