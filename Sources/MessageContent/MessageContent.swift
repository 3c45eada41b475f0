// SPDX-License-Identifier: Apache-2.0

// What a message is known by, in whatever store and however it came: a hash of its content, under a ``ContentKey``, and
// when it arrived.
//
// A ``MessageScan`` learns both from the octets as they pass. Each store has one look at what it keeps, on the threads that
// write it, so that all stores agree. What makes the hash is ``ContentHasher``; ``ArrivalTime`` reads dates.
