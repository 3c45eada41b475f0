// SPDX-License-Identifier: Apache-2.0

/// What sessions with mail servers have in common, whatever their protocol; no I/O.
///
/// - ``SASLClient`` logs in by a ``SASLMechanism``: challenges in, responses out.
/// - ``SecretOctets`` go to the server and nowhere else; ``Base64`` makes no copies of them.
/// - ``Scrubber`` removes the password from replies; ``ServerWords`` interprets replies without a code.
/// - ``WireFailure`` says why a session cannot continue; ``TLSFacts`` and ``ServerHello`` are what is known about its
///   TLS.
public enum MailSession {}
