// SPDX-License-Identifier: Apache-2.0

/// Why a session with a mail server cannot continue, whatever its protocol.
public enum SessionFault: String, Sendable, CaseIterable {
    /// The host name has no address, or the resolver did not answer.
    case unresolved
    /// No address of the host accepted the connection, or the server refuses to serve us.
    case unreachable
    /// This machine has no descriptor or memory for a connection; the server was not asked.
    case exhausted
    /// The server was silent for longer than the timeout.
    case timedOut
    /// The server closed the connection.
    case closed
    /// TLS failed, was refused, or shows a certificate that may not be trusted.
    case untrusted
    /// The server's answer makes no sense.
    case protocolViolation
    /// The server loses pipelined commands: continue with a new connection, one by one.
    case pipeliningBroken
    /// The calling task was cancelled, or the session was closed here.
    case cancelled
    /// A user name or password that the protocol cannot carry; nothing was sent.
    case invalidCredentialOctets
    /// The server refuses something that the session cannot do without.
    case refused
    /// The same, with a response code or a wording that says "later".
    case busy
    /// The server has given as much as it gives for now.
    case throttled
}
