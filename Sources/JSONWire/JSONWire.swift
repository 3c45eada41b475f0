// SPDX-License-Identifier: Apache-2.0

// The way of a line, for server and client alike; no I/O happens here:
// 1. `LineFraming` takes octets as they come and gives whole lines as `WipedOctets`;
// 2. `JSONDocument` reads a line into a flat tape of tokens, strictly (RFC 8259), without recursion;
// 3. `RPCMessage` (server) and `RPCIncoming` (client) are the JSON-RPC 2.0 envelopes on it;
// 4. `JSONView.decode` makes values of what is inside, `JSONText.encode` makes octets of values;
// 5. when the last view on a line is gone, its octets are overwritten: lines hold passwords.
