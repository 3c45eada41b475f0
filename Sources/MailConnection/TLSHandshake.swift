// SPDX-License-Identifier: Apache-2.0

public import MailSession
public import NIOCore
import NIOSSL
public import Vocabulary

/// A connection's TLS handshake, from the handlers that it inserts into the channel to what is known when it is done.
/// Everything happens on the channel's event loop.
public struct TLSHandshake {
    private let check: CertificateCheck
    private let tls: NIOSSLClientHandler
    private let seen: PeerCertificate
    private let hello = ServerHelloReader()

    /// - Throws: `untrusted` where TLS cannot be set up here.
    public init(with server: OldServer, _ trust: TLSTrust) throws(WireFailure) {
        check = server.certificate
        (tls, seen) = try trust.handler(for: server)
    }

    /// Inserts TLS before `handler`, which belongs to `context`. From now on ``explain(_:)`` says what errors mean.
    /// - Throws: `untrusted` where TLS cannot be set up here.
    public func begin(before handler: some ChannelHandler, in context: ChannelHandlerContext) throws(WireFailure) {
        do {
            let handlers: [any ChannelHandler] = [hello, tls]
            try context.pipeline.syncOperations.addHandlers(handlers, position: .before(handler))
        } catch {
            throw TLSFailure.unavailable(error)
        }
    }

    /// What is known of the connection once the handshake is completed.
    public func facts(in context: ChannelHandlerContext) -> TLSFacts {
        context.pipeline.syncOperations.removeHandler(hello, promise: nil)
        let digest = seen.sha256 ?? tls.peerCertificate.flatMap { TLSTrust.sha256(of: $0) }
        return TLSFacts(
            version: tls.tlsVersion.map(\.name) ?? "", cipher: hello.cipherSuite, sha256: digest ?? "",
            isVerified: check.verify != .none)
    }

    /// Why the handshake has failed, and what to do about it.
    public func explain(_ error: any Error) -> WireFailure {
        TLSFailure.explain(error, check: check, seen: seen, certificate: tls.peerCertificate)
    }
}

extension WireFailure {
    /// What an error in the middle of a session means, with or without TLS; nil if the server has ended the connection,
    /// properly or not: anything incomplete shows by its missing terminator.
    public static func inSession(_ error: any Error) -> WireFailure? {
        if let ssl = error as? NIOSSLError, case .uncleanShutdown = ssl { return nil }
        if error is IOError { return WireFailure(code: .closed, message: "dropped the connection (\(error))") }
        return TLSFailure.explain(inSession: error)
    }
}

/// Reads the ``ServerHello`` of a handshake as it passes, for NIOSSL does not tell what is in it.
private final class ServerHelloReader: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var hello = ServerHello()

    /// The suite's name in IANA's registry; nil until the server has said it.
    var cipherSuite: String? { hello.cipherSuite }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hello.receive(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
