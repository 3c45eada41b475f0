// SPDX-License-Identifier: Apache-2.0

/// The words everyone uses: addresses, old servers, statuses, reasons, times.
///
/// Values only. Each is valid by construction: text becomes one of these types at the edge of the
/// program and stays one.
public enum Vocabulary {
    /// The version of the program, as `ping` and `--version` tell it.
    public static let version = "0.1.0"
}
