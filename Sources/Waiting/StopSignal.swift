// SPDX-License-Identifier: Apache-2.0

/// Signals, once, that no new work is to begin.
package final class StopSignal: Sendable {
    private let said = Latch<Void>()

    package init() {}

    package var isSet: Bool { said.isSettled }

    package func signal() { said.settle(()) }

    /// Calls `action` when the signal comes, or at once if it has come.
    package func whenSet(_ action: @escaping @Sendable () -> Void) { said.whenSettled { _ in action() } }
}
