// SPDX-License-Identifier: Apache-2.0

import Configuring
import Ground
import Logging
import Synchronization
import Systemd
import UnixSignals

/// The current configuration, and where it was read.
final class CurrentConfiguration: Sendable {
    private let configuration: Mutex<DaemonConfiguration>
    private let source: ConfigurationSource

    init(_ configuration: DaemonConfiguration, _ source: ConfigurationSource) {
        self.configuration = Mutex(configuration)
        self.source = source
    }

    var value: DaemonConfiguration { configuration.withLock { $0 } }

    /// Reads it again, and applies what may change without a restart.
    /// - Returns: the configuration now in force, the keys that need a restart, and warnings.
    /// - Throws: `ConfigurationError`, in which case everything stays as it was.
    func reload() throws(ConfigurationError) -> (DaemonConfiguration, waiting: [String], warnings: [String]) {
        let (loaded, warnings) = try source.load()
        return configuration.withLock { current in
            let waiting = current.needingRestart(for: loaded)
            current = current.reloaded(with: loaded)
            return (current, waiting, warnings)
        }
    }
}

extension Daemon {
    /// On `SIGHUP`, reads the configuration again. A bad file is refused with its line, and the current configuration
    /// stays.
    func reloadWhenTold() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            manager.reloading()
            do throws(ConfigurationError) {
                let (current, waiting, warnings) = try configuration.reload()
                for warning in warnings { log.warning("\(warning)") }
                for key in waiting {
                    log.warning(
                        "\(key) has changed; that takes effect with: systemctl restart mailmoved",
                        metadata: ["event": "restartNeeded", "key": "\(key)"])
                }
                LogLevel.current.set(current.logLevel)
                var limits = MoveLimits(current)
                Memory().fit(&limits, log: log)
                descriptors.fit(&limits, log: log)
                works?.move.reload(limits)
                server.limit(clients: descriptors.clients(of: current.limits.connections))
                log.notice("the configuration was read again")
            } catch {
                for problem in error.problems {
                    log.error(
                        "the configuration was not taken, and the old one stays: \(problem)",
                        metadata: ["event": "configurationRefused"])
                }
            }
            manager.ready()
        }
    }
}
