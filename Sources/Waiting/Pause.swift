// SPDX-License-Identifier: Apache-2.0

/// Returns after `duration`, whatever becomes of the wall clock.
///
/// In place of `Task.sleep`, whose timers (libdispatch's) are set for a moment, not for a span: under a library that
/// fakes the wall clock (libfaketime) such a timer is refused, and nobody is woken any more.
/// - Throws: `CancellationError`.
public func pause(for duration: Duration) async throws {
    try Task.checkCancellation()
    let call = Timekeeper.shared.call(after: duration)
    let end = await withTaskCancellationHandler {
        await call.end.wait()
    } onCancel: {
        call.cancel()
    }
    if end == .cancelled { throw CancellationError() }
}
