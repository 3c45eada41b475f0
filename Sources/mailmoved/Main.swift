// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Configuring
import CoreMetrics
import Foundation
import Glibc
import JSONRPC
import Logging
import MailStore
import MaildirStore
import PostgreSQLRecords
import Records
import Secrets
import ServiceLifecycle
import Systemd
import Vocabulary

/// `mailmoved`: moves mailboxes from an old POP3 or IMAP server while their users log in (mailmoved(8)).
///
/// 1. `Configuring` reads flags, environment and file.
/// 2. `Sockets` come from systemd, or from flags.
/// 3. `Daemon` opens the database, creates everything that works with it, and serves until it is told to stop.
@main
struct Main {
    static func main() async {
        exit(await status())
    }

    /// Runs the program. Returns its exit status, one of sysexits.h.
    private static func status() async -> Int32 {
        Process.prepare()
        do {
            let source = try ConfigurationSource(
                arguments: Process.arguments, environment: ProcessInfo.processInfo.environment)
            switch source.command {
            case .help:
                print(ConfigurationSource.help, terminator: "")
                return 0
            case .version:
                print("mailmoved \(Vocabulary.version)")
                return 0
            case .checkFile:
                _ = try configuration(of: source)
                return 0
            case .check(let mailbox):
                let configuration = try configuration(of: source)
                let (good, lines, isWrong) = try await Stores.look(configuration, entering: mailbox)
                for line in good { print("mailmoved: \(line)") }
                for line in lines { StandardError.write("mailmoved: \(line)\n") }
                // A platform that is away may be back in a moment.
                return isWrong ? EX_CONFIG : 0
            case .migrateDatabase(let path, let url): return try await DatabaseMigration(path: path, url: url).run()
            case .run: return try await serve(source)
            }
        } catch let error as ConfigurationError {
            return fail(error.description, error.exitCode, event: "configurationRefused")
        } catch let error as SystemdError {
            return fail(error.description, error.code == .notAListeningSocket ? EX_USAGE : EX_CONFIG)
        } catch let error as RecordsError {
            return fail(
                error.description, error.code == .newer ? EX_CONFIG : EX_UNAVAILABLE, errno: error.errno,
                reason: .databaseUnavailable)
        } catch let error as DirectoryError {
            return fail(error.description, EX_CONFIG)
        } catch let error as JoinRefusal {
            return fail(error.description, EX_CONFIG)
        } catch let error as MailStoreError {
            return fail(error.description, EX_CONFIG)
        } catch let error as ListenError {
            return fail(error.description, EX_UNAVAILABLE, errno: error.errno)
        } catch {
            return fail(String(describing: error), EX_OSERR)
        }
    }

    private static func configuration(of source: ConfigurationSource) throws -> DaemonConfiguration {
        let (configuration, warnings) = try source.load()
        for warning in warnings { StandardError.write("mailmoved: \(warning)\n") }
        return configuration
    }

    private static func serve(_ source: ConfigurationSource) async throws -> Int32 {
        let inherited = try InheritedDescriptors.take()
        let (configuration, warnings) = try source.load()
        let listeners = Sockets.listeners(inherited: inherited.sockets, source: source)
        guard !listeners.isEmpty else { throw ConfigurationError.noSockets }
        LogLevel.current.set(configuration.logLevel)
        LoggingSystem.bootstrap { label in
            var handler = JournalLogHandler(label: label)
            handler.logLevel = .trace
            if configuration.isDatabaseShared { handler.metadata["node"] = "\(configuration.nodeName)" }
            return LevelledLogHandler(handler)
        }
        MetricsSystem.bootstrap(Daemon.metrics)
        let log = Logger(label: "mailmoved")
        for warning in warnings { log.warning("\(warning)") }
        let daemon = try await ServiceManager().giveTime("opening the database") {
            try await Daemon.open(configuration, source, listeners: listeners, inherited, log: log)
        }
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: log))
        try await services.run()
        // With this status mailmoved.service starts it again, and keeps the seal key meanwhile.
        return daemon.isUnfinished ? EX_TEMPFAIL : 0
    }

    /// Reports the reason to the person who started it, to the journal, and to `systemctl status`.
    private static func fail(
        _ text: String, _ status: Int32, errno: Int32 = 0, reason: Reason? = nil, event: String? = nil
    ) -> Int32 {
        var metadata: Logger.Metadata = [:]
        if let reason { metadata["reason"] = "\(reason.rawValue)" }
        if let event { metadata["event"] = "\(event)" }
        let log = Logger(label: "mailmoved") { JournalLogHandler(label: $0) }
        for line in text.split(separator: "\n") {
            if JournalLogHandler.standardErrorIsJournal {
                log.critical("\(line)", metadata: metadata)
            } else {
                // Some texts already name the program.
                StandardError.write(line.hasPrefix("mailmoved: ") ? "\(line)\n" : "mailmoved: \(line)\n")
            }
        }
        ServiceManager().failed(exitStatus: status, errno: errno, status: text)
        return status
    }
}
