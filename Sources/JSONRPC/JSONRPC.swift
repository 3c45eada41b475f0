// SPDX-License-Identifier: Apache-2.0

// The way of a request, from the socket and back:
// 1. `Listener` opens or inherits a Unix socket; each has a role, which its connections keep;
// 2. `ConnectionHandler`, on the event loop, splits the input into lines and decides whether a request may start: not
//    with too many in progress, too many octets unsent, or too much memory in lines (`InboundBudget`);
// 3. `Connection.serve`, one task per connection, has a child task for each request: it asks the `RequestHandler`,
//    which alone knows methods, and puts the reply into `Outbound`;
// 4. the event loop writes all replies that are ready with one call.
// No queue is unbounded: from a client that does not read, nothing more is read.
