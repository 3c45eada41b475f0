// SPDX-License-Identifier: Apache-2.0

// How a message is recognised, whatever mail store it is in and however it came: by a hash of its content, under a
// ``ContentKey``, and by its arrival time.
//
// A ``MessageScan`` computes both from the octets as they pass. Each mail store scans what it keeps once, on the
// threads that write it, so that all stores agree. ``ContentHasher`` makes the hash; ``ArrivalTime`` reads dates.
