// SPDX-License-Identifier: Apache-2.0

// The way of a request, from the socket and back:
// 1. `Listener` opens or inherits a Unix socket; each has a role, which its connections keep;
// 2. `ConnectionHandler`, on the event loop, cuts what arrives into lines and decides whether one may start:
//    neither too many requests in hand, nor too many octets unsent, nor too much memory in lines (`InboundBudget`);
// 3. `Connection.serve`, one task a connection, has a child task for each request: it asks the `RequestHandler`,
//    which alone knows methods, and puts the reply into `Outbound`;
// 4. the event loop writes all replies that have come together with one call.
// Nothing ever waits in a queue without a bound: a client that does not read is no longer read from.
