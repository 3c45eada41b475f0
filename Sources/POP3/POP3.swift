// SPDX-License-Identifier: Apache-2.0

/// The client's side of POP3 (RFC 1939) without I/O: a session speaks over a ``Wire``, which the caller provides.
///
/// How a session goes:
///
/// 1. ``Opening/session(over:)`` reads the greeting and requests ``Capabilities``. TLS begins at once, by `STLS`, or
///    not at all, according to the settings; inside TLS, capabilities are requested again.
/// 2. ``POP3Session/authenticate(user:password:secure:)`` logs in (`Login`): by `USER` and `PASS`, a SASL mechanism, or
///    `APOP` (`LoginMechanism`). One place decides what an `-ERR` means (`Refusal`, `Wordings`). Then capabilities are
///    requested once more, since many servers announce more after the login.
/// 3. ``POP3Session/listing()`` merges `UIDL` and `LIST` into messages (`Listing`).
/// 4. ``POP3Session/retrieve(_:into:pipelining:windowOctets:onRefusal:)`` proves that the server can take pipelining
///    (`PipeliningProof`), then keeps a window of `RETR` ahead (``Retrieval``). Octets go through one pass of the
///    `MessageDecoder` into a `MessageSink`, on the thread where they arrived.
/// 5. ``POP3Session/delete(_:)`` and ``POP3Session/quit()`` end it; or ``POP3Session/abort()``, which deletes nothing.
///
/// Three layers, each of which knows only the one below: dialogues (`Login`, `Opening`, `PipeliningProof`: async, top
/// to bottom) speak over a ``Wire``; the wire moves octets between a socket and a ``ProtocolMachine``, a value that
/// turns octets into answers. Tests replace the socket by written conversations.
public enum POP3 {}
