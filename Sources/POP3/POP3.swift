// SPDX-License-Identifier: Apache-2.0

/// The client's side of POP3 (RFC 1939) without I/O: a session speaks over a ``Wire``, which somebody else keeps.
///
/// How a session goes:
///
/// 1. ``Opening/session(over:)`` reads the greeting and asks for ``Capabilities``. TLS begins at once, by `STLS`, or not at
///    all, as the settings have it; capabilities are asked for again inside.
/// 2. ``POP3Session/authenticate(user:password:secure:)`` logs in (`Login`): `USER` and `PASS`, or a SASL mechanism, or
///    `APOP` (`LoginMechanism`). What an `-ERR` means is decided in one place (`Refusal`, `Wordings`). Capabilities are
///    asked for once more, for many servers say more to those they know.
/// 3. ``POP3Session/listing()`` merges `UIDL` and `LIST` into messages (`Listing`).
/// 4. ``POP3Session/retrieve(_:into:pipelining:windowOctets:onRefusal:)`` shows that the server bears pipelining
///    (`PipeliningProof`), then keeps a window of `RETR` ahead (``Retrieval``). Octets go through one pass of the
///    `MessageDecoder` into a `MessageSink`, where they came in, without a hop.
/// 5. ``POP3Session/delete(_:)`` and ``POP3Session/quit()`` end it; or ``POP3Session/abort()``, which deletes nothing.
///
/// Three layers, each of which knows only the one below: dialogues (`Login`, `Opening`, `PipeliningProof`: async, top to
/// bottom) speak over a ``Wire``; whoever keeps the wire moves octets between a socket and a ``ProtocolMachine``, a value,
/// octets in and answers out. The tests put written conversations in the place of the socket.
public enum POP3 {}
