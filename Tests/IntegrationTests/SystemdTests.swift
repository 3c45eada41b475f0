// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

/// The project as it is installed, under a real systemd (`Tests/Systemd/installed-daemon` has a function for each).
@Suite(.serialized, .enabled(if: SystemdSandbox.isAvailable, "needs root, systemd, and leave to mount"))
struct SystemdTests {
    private static let project = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let promises = [
        "the_first_call_starts_it",
        "it_says_what_it_is_doing",
        "it_says_at_most_one_thing_a_second",
        "the_unit_leaves_little_open",
        "a_bound_on_memory_is_obeyed",
        "the_journal_explains_what_happened",
        "a_slow_start_is_waited_for_and_a_failed_one_explained",
        "only_the_groups_may_call",
        "a_kill_is_survived",
        "a_hang_is_survived",
        "no_login_is_refused_and_no_move_forgotten",
        "the_seal_key_is_kept_but_on_no_disk",
        "it_stops_within_five_seconds",
        "a_fault_in_the_configuration_is_named_and_mended",
        "a_reload_is_obeyed",
        "name_servers_are_asked",
        "an_idle_daemon_leaves_and_comes_back",
        "mail_arrives_without_any_configuration",
        "figures_are_served_on_loopback",
        "a_program_is_told_from_within_the_sandbox",
        "what_was_installed_can_be_removed_again",
    ]

    /// Each in a machine of its own, and several at once: most of the time they wait.
    @Test func itKeepsWhatItPromisesUnderSystemd() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, promise) in Self.promises.enumerated() {
                if number >= 4 { try await group.next() }
                group.addTask {
                    let outcome = try await SystemdSandbox.run(
                        ["Tests/Systemd/installed-daemon", ".build/debug/mailmoved", promise], sharing: [Self.project])
                    #expect(outcome.status == 0, "\(promise): \(outcome.output)")
                }
            }
            try await group.waitForAll()
        }
    }
}
