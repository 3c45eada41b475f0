// SPDX-License-Identifier: Apache-2.0

/// Sockets and TLS, for whatever mail protocol.
///
/// 1. ``Resolution`` looks a host up, and tells this very machine from an old server.
/// 2. ``Connection/open(to:of:timeouts:on:handler:)`` takes the first address that answers (RFC 8305) and puts a protocol's
///    ``SessionHandler`` at the end of the channel.
/// 3. ``TLSHandshake`` puts TLS before that handler, by ``TLSTrust``, and says afterwards what is known of it or why it
///    failed (`TLSFailure`).
/// 4. ``Connection/run(_:)`` does the handler's work on its event loop, and drops the line when the caller is cancelled.
public enum MailConnection {}
