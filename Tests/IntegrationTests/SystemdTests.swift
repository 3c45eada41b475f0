// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

/// The project as it is installed, under a real systemd (`Tests/Systemd/installed-daemon` has a function for each).
@Suite(.serialized, .enabled(if: SystemdSandbox.isAvailable, "needs root, systemd, and leave to mount"))
struct SystemdTests {
    private static let project = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test(arguments: [
        "the_first_call_starts_it",
        "its_status_is_shown",
        "only_the_groups_may_call",
        "a_kill_is_survived",
        "a_hang_is_survived",
        "a_restart_refuses_nobody",
        "it_stops_within_five_seconds",
        "a_fault_in_the_configuration_is_named_and_mended",
        "a_reload_is_obeyed",
        "an_idle_daemon_leaves_and_comes_back",
        "mail_arrives_without_any_configuration",
    ])
    func itKeepsWhatItPromisesUnderSystemd(promise: String) async throws {
        let outcome = try await SystemdSandbox.run(
            ["Tests/Systemd/installed-daemon", ".build/debug/mailmoved", promise], sharing: [Self.project])
        #expect(outcome.status == 0, "\(outcome.output)")
    }
}
