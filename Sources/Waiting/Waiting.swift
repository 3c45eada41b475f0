// SPDX-License-Identifier: Apache-2.0

// All waiting is built from a few parts:
//
// 1. Waiting for something that happens once is waiting for a latch (Latch.swift), the only holder of continuations. An
//    alarm (for sleeps) and a stop signal (for new work) are latches.
// 2. One thread provides time (Timekeeper.swift): a pause, a deadline.
// 3. For many producers and one consumer there is a line (WaitingLine.swift); to limit how many pass at a time, a
//    turnstile (Turnstile.swift).
// 4. Work that blocks or computes for long is a job for a pool of named threads (WorkerPool.swift), bounded and owned
//    by its user; a loop that blocks has a named thread (NamedThread.swift). There is no other queue, and none is
//    shared.
