// SPDX-License-Identifier: Apache-2.0

/// What sessions with mail servers have in common, whatever protocol they speak, without I/O.
///
/// - ``SASLClient`` logs in by a ``SASLMechanism``: challenges in, responses out.
/// - ``SecretOctets`` are what goes to the server and nobody else; ``Base64`` makes no copies of them.
/// - ``Scrubber`` takes the password out of what comes back, ``ServerWords`` tell what it means where no code does.
/// - ``WireFailure`` is how a session ends that cannot go on; ``TLSFacts`` and ``ServerHello`` are what is known of its TLS.
public enum MailSession {}
