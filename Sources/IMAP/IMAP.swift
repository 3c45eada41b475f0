// SPDX-License-Identifier: Apache-2.0

/// The client's side of IMAP (RFC 3501, RFC 9051) without I/O: for fetching mail from an old server and appending it to
/// a new one. Only what moving mail needs; never ENVELOPE or BODYSTRUCTURE, which servers get wrong most often.
///
/// How octets become meaning:
///
/// 1. ``Framing`` splits the input into responses: lines, and the literals between them. The text of messages is passed
///    on in pieces as it arrives, never collected. ``Limits`` bound the rest.
/// 2. ``Reader`` and ``Response`` are the grammar of a complete response. Servers violate it in known ways, which are
///    understood nevertheless, each with a test; anything else is a violation, because guessing further could mean
///    reading mail as protocol.
/// 3. ``ProtocolMachine`` is the connection as a value: commands wait in a queue, are pipelined, and are distinguished
///    by tags that no message can guess. It has no socket, clock, file or log.
/// 4. ``Command`` is what is sent: a value that encodes itself, with literals that wait for the server if it requires
///    that.
///
/// What the answers mean is decided by values beside it: ``LoginVerdict`` (is a password right?), ``FolderPlan`` (where
/// does a folder go?) and ``Retrieval`` (which message is asked for next, and which has come?).
///
/// The dialogues speak over a ``Wire``, which the caller provides: ``Opening`` (greeting, capabilities, TLS) and
/// ``Login``.
public enum IMAP {}
