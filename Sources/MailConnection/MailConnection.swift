// SPDX-License-Identifier: Apache-2.0

/// Sockets and TLS, for any mail protocol.
///
/// 1. ``Resolution`` looks up a host, and distinguishes this very machine from an old server.
/// 2. ``Connection/open(to:of:timeouts:on:handler:)`` takes the first address that answers (RFC 8305) and puts a
///    protocol's ``SessionHandler`` at the end of the channel.
/// 3. ``TLSHandshake`` inserts TLS before that handler, using ``TLSTrust``, and says afterwards what is known about it,
///    or why it failed (`TLSFailure`).
/// 4. ``Connection/run(_:)`` runs the handler's work on its event loop, and drops the connection when the caller is
///    cancelled.
/// 5. ``PromptOpening`` is for somebody who waits to hear what is wrong.
public enum MailConnection {}
