// SPDX-License-Identifier: Apache-2.0

/// Returns after `duration`, however the wall clock is set.
///
/// Used instead of `Task.sleep`, whose libdispatch timers are set for a moment, not for a span: under a library that
/// fakes the wall clock (libfaketime) such a timer is refused, and nobody is ever woken.
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
