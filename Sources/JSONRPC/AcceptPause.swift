// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import NIOCore
import Synchronization

/// Briefly stops a listening channel from accepting when the system has no descriptor or memory for a client: new
/// clients wait in the backlog meanwhile.
///
/// NIO's own `AcceptBackoffHandler` delays requested reads, but the read during which `accept` failed stays pending and
/// is retried at once, over and over. Only switching automatic reading off stops it.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger
    private let news: AcceptNews
    private let mayGoOn: @Sendable () -> Bool
    private var isPaused = false

    private static let pause = TimeAmount.milliseconds(200)

    /// - Parameters:
    ///   - news: shared by all listeners.
    ///   - mayGoOn: whether clients are still wanted after the pause.
    init(logger: Logger, news: AcceptNews, mayGoOn: @escaping @Sendable () -> Bool) {
        self.logger = logger
        self.news = news
        self.mayGoOn = mayGoOn
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        let isNews = news.isWorthTelling(now: .now())
        if isNews {
            logger.warning(
                """
                Cannot accept clients; those who come wait until some have gone. More descriptors are had by \
                LimitNOFILE= (or ulimit -n), fewer clients by limits.connections.
                """, metadata: ["error": "\(String(cString: strerror(error.errnoCode)))"])
        }
        guard !isPaused, let options = context.channel.syncOptions else { return }
        isPaused = true
        // This fails if the channel has closed: then there is nothing to pause.
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            guard self.mayGoOn() else { return }
            try? options.setOption(.autoRead, value: true)
        }
    }
}

/// Logs problems that clients run into repeatedly only once a minute.
final class AcceptNews: Sendable {
    private let told = Mutex<NIODeadline?>(nil)

    func isWorthTelling(now: NIODeadline) -> Bool {
        told.withLock { told in
            if let last = told, now - last < .minutes(1) { return false }
            told = now
            return true
        }
    }
}
