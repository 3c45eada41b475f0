// SPDX-License-Identifier: Apache-2.0

// All waiting is made of few things:
//
// 1. Whoever waits for something that happens once waits for a latch (Latch.swift), the only holder of continuations.
//    An alarm and a stop signal are latches for sleeps, and for what is to be done.
// 2. Time comes from one thread (Timekeeper.swift): a pause, a deadline.
// 3. Where one takes what many bring, there is a line (WaitingLine.swift); where few may pass at a time, a turnstile
//    (Turnstile.swift).
// 4. What blocks or computes for long is a job for a pool (WorkerPool.swift) of named threads, bounded and its user's
//    own; a loop that blocks has a named thread (NamedThread.swift). There is no other queue, and none is shared.
