// SPDX-License-Identifier: Apache-2.0

/// Fetches mail from an old server by POP3 (RFC 1939).
///
/// How a session goes:
///
/// 1. ``POP3Session/open(_:timeouts:trust:group:progress:)`` looks the host up (`Resolution`), connects (`Connection`), reads
///    the greeting and asks for ``Capabilities``. TLS begins at once, by `STLS`, or not at all, as the settings have it
///    (`Steps`, ``TLSTrust``); capabilities are asked for again inside.
/// 2. ``POP3Session/authenticate(user:password:secure:)`` logs in (`Login`): `USER` and `PASS`, or a SASL mechanism
///    (`SASLClient`), or `APOP`. What an `-ERR` means is decided in one place (`Refusal`, `Wordings`). Capabilities are asked
///    for once more, for many servers say more to those they know.
/// 3. ``POP3Session/listing()`` merges `UIDL` and `LIST` into messages (`Listing`).
/// 4. ``POP3Session/retrieve(_:into:pipelining:onRefusal:)`` shows that the server bears pipelining (`PipeliningProof`), then
///    keeps a window of `RETR` ahead (`Retrieval`). Octets go from the socket through one pass of the `MessageDecoder`
///    into a `MessageSink`, on the event loop, without a hop.
/// 5. ``POP3Session/delete(_:)`` and ``POP3Session/quit()`` end it; or ``POP3Session/abort()``, which deletes nothing.
///
/// Three layers, each of which knows only the one below: dialogues (`Login`, `Steps`, `PipeliningProof`: async, top to
/// bottom) speak over a `Wire`; a `ChannelHandler` is a wire over NIO; inside it the ``ProtocolMachine`` is a value, octets
/// in and answers out. The tests put written conversations in the place of the handler.
enum POP3 {}
