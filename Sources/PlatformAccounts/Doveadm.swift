// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import NIOCore
import NIOPosix
import NIOSSL
import Secrets
import Synchronization
import Vocabulary
import Waiting

/// Dovecot's doveadm by HTTP, in the clear or inside TLS: `authCacheFlush`.
final class Doveadm: Sendable {
    private let address: DoveadmAddress
    /// Where the address has none.
    private let key: Password?
    private let group: any EventLoopGroup
    /// Looks up its host, and reads who is trusted.
    private let workers = WorkerPool("flush", threads: 2)
    /// The one that was taken the last time.
    private let known = Mutex(Credential.apiKey)
    /// Who is trusted: read again now and then, for certificates change.
    private let trust = Mutex<(context: NIOSSLContext, since: ContinuousClock.Instant)?>(nil)

    init(address: DoveadmAddress, key: Password?, group: any EventLoopGroup) {
        self.address = address
        self.key = key
        self.group = group
    }

    /// What a request has to show: which of the two Dovecot wants, `doveadm_api_key` or `doveadm_password`, only it knows.
    private enum Credential { case apiKey, password }

    func forget(
        _ account: EmailAddress, until deadline: ContinuousClock.Instant
    ) async throws(DirectoryError) {
        let first = known.withLock { $0 }
        for credential in [first, first == .apiKey ? .password : .apiKey] {
            let (status, body) = try await ask(account, credential, until: deadline)
            switch status {
            case 200:
                // [["doveadmResponse", …]], or [["error", {"type": "exitCode", …}, …]]
                guard body.contains("\"doveadmResponse\"") else {
                    throw DirectoryError("doveadm at \(address) refuses to flush its cache: \(body.prefix(200))")
                }
                known.withLock { $0 = credential }
                return
            case 401, 403: continue
            default: throw DirectoryError("doveadm at \(address) answers with HTTP status \(status)")
            }
        }
        throw DirectoryError(
            "doveadm at \(address) does not take the key; see doveadm_api_key, and the credential doveadm-api-key")
    }

    private func ask(
        _ account: EmailAddress, _ credential: Credential, until deadline: ContinuousClock.Instant
    ) async throws(DirectoryError) -> (status: Int, body: String) {
        var secret = Array((address.key ?? "").utf8)
        if address.key == nil, let key { secret = key.withOctets { Array($0) } }
        let request = DoveadmRequest(flushing: account, at: address, secret, isAPIKey: credential == .apiKey)
        let answer = try await exchange(request.octets, until: deadline)
        let text = String(decoding: answer, as: UTF8.self)
        let fields = text.prefix { !$0.isNewline }.split(separator: " ")
        guard fields.count > 1, fields[0].hasPrefix("HTTP/1."), let status = Int(fields[1]) else {
            throw DirectoryError("what answers at \(address) is no doveadm")
        }
        return (status, text)
    }

    /// Sends octets, and reads an answer. (Dovecot 2.3.19 answers no 401 where it is asked to close the connection.)
    private func exchange(
        _ octets: [UInt8], until deadline: ContinuousClock.Instant
    ) async throws(DirectoryError) -> [UInt8] {
        let (place, context) = try await prepared(until: deadline)
        let left = deadline - .now
        guard left > .zero else { throw late }
        let answer = group.next().makePromise(of: [UInt8].self)
        let name = address.isNamedByAddress ? nil : address.host
        let connecting = ClientBootstrap(group: answer.futureResult.eventLoop)
            .connectTimeout(TimeAmount(left))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: name))
                    }
                    try channel.pipeline.syncOperations.addHandler(DoveadmExchange(octets, answer))
                }
            }
            .connect(to: place)
        connecting.whenFailure { answer.fail($0) }
        let alarm = answer.futureResult.eventLoop.scheduleTask(in: TimeAmount(left)) { [late] in answer.fail(late) }
        defer {
            alarm.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        do {
            return try await answer.futureResult.get()
        } catch {
            throw explained(error)
        }
    }

    /// Its address, and who is trusted where it speaks TLS.
    private func prepared(
        until deadline: ContinuousClock.Instant
    ) async throws(DirectoryError) -> (SocketAddress, NIOSSLContext?) {
        let result = await workers.run(within: max(.zero, deadline - .now)) {
            [self] () -> Result<(SocketAddress, NIOSSLContext?), DirectoryError> in
            guard let place = try? SocketAddress.makeAddressResolvingHost(address.host, port: address.port) else {
                return .failure(DirectoryError("doveadm's host \(address.host) has no address"))
            }
            do {
                return .success((place, address.isEncrypted ? try context() : nil))
            } catch {
                return .failure(
                    DirectoryError("who is trusted cannot be read (\(address.authorities ?? "the system's"))"))
            }
        }
        guard let result else { throw late }
        return try result.get()
    }

    private func context() throws -> NIOSSLContext {
        if let known = trust.withLock({ $0 }), ContinuousClock.now - known.since < .seconds(600) {
            return known.context
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let file = address.authorities { configuration.trustRoots = .file(file) }
        let context = try NIOSSLContext(configuration: configuration)
        trust.withLock { $0 = (context, .now) }
        return context
    }

    private var late: DirectoryError { DirectoryError("doveadm at \(address) did not answer in time") }

    private func explained(_ error: any Error) -> DirectoryError {
        switch error {
        case let error as DirectoryError: return error
        case DoveadmExchange.Failure.endless: return DirectoryError("doveadm at \(address) answers without end")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            let text = String(describing: error)
            return text.contains("CERTIFICATE") || text.contains("alidate")
                ? DirectoryError("doveadm at \(address) shows a certificate that is not trusted, or of another host")
                : DirectoryError("doveadm at \(address) fails the TLS handshake")
        case is NIOConnectionError, is ChannelError:
            return DirectoryError("doveadm at \(address) cannot be reached")
        default: return DirectoryError("doveadm at \(address) cannot be reached")
        }
    }
}

/// One request, and its answer.
private final class DoveadmExchange: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Failure: Error { case endless }

    private let request: [UInt8]
    private let answer: EventLoopPromise<[UInt8]>
    private var octets: [UInt8] = []

    init(_ request: [UInt8], _ answer: EventLoopPromise<[UInt8]>) {
        self.request = request
        self.answer = answer
    }

    /// Behind TLS, it waits there for the handshake.
    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        octets += unwrapInboundIn(data).readableBytesView
        guard octets.count < 1 << 20 else { return answer.fail(Failure.endless) }
        if isWhole { answer.succeed(octets) }
    }

    func channelInactive(context: ChannelHandlerContext) { answer.succeed(octets) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Some end TLS without a word.
        if case NIOSSLError.uncleanShutdown = error { return answer.succeed(octets) }
        answer.fail(error)
    }

    /// Whether an answer is there as a whole (RFC 9112 §6.2).
    private var isWhole: Bool {
        let text = String(decoding: octets, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
        let lines = text[..<end.lowerBound].split(separator: "\r\n").map(String.init)
        let name = "content-length:"
        guard let line = lines.first(where: { $0.lowercased().hasPrefix(name) }),
            let length = Int(line.dropFirst(name.count).filter { $0 != " " })
        else { return false }
        return text[end.upperBound...].utf8.count >= length
    }
}
