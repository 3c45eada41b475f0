// SPDX-License-Identifier: Apache-2.0

/// The client's side of IMAP (RFC 3501, RFC 9051) without I/O: for fetching mail from an old server and for appending it
/// to a new one. Only what moving mail needs; never ENVELOPE nor BODYSTRUCTURE, which servers get wrong most often.
///
/// How octets become meaning:
///
/// 1. ``Framing`` cuts what arrives into responses: lines, and the literals between them. The text of messages is passed
///    on in pieces as it comes, never collected. ``Limits`` bound the rest.
/// 2. ``Reader`` and ``Response`` are the grammar of a whole response. Servers in the field break it in known ways and
///    are understood all the same, each with a test; what is left is a violation, for guessing on would be to read mail
///    as protocol.
/// 3. ``ProtocolMachine`` is the connection as a value: commands wait in a queue, are sent ahead of their answers, and are
///    told apart by tags that no message can guess. It knows no socket, no clock, no file and no log.
/// 4. ``Command`` is what is sent: a value that encodes itself, with literals that wait for the server where it wants to be
///    waited for.
///
/// What the answers mean is decided by values beside it: ``LoginVerdict`` (is a password right?) and ``FolderPlan``
/// (where does a folder go?).
public enum IMAP {}
