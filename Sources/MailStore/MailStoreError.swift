// SPDX-License-Identifier: Apache-2.0

/// Why the store could not do it.
public struct MailStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// No space, or over quota.
        case full
        case readOnly
        /// Missing rights.
        case refused
        /// One folder is not taken; mail for others is.
        case folderRefused
        /// A place that should exist is missing, or something else is there.
        case misplaced
        /// Mail was moved to this place, which does not have the marker that it is recognised by.
        case unmarked
        /// No answer, and no reason given.
        case unresponsive
        /// Any other error.
        case failed
    }

    public var code: Code
    /// Where, what happened, and what to do, in one line.
    public var detail: String

    public init(code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String { detail }
}

extension MailStoreError {
    /// For a place that mail was moved to, and that does not have its marker.
    public static func unmarked(_ place: String, _ what: String) -> MailStoreError {
        MailStoreError(
            code: .unmarked,
            detail: "\(place) is not the place that mail was moved to: \(what). See whether its file system is "
                + "mounted, and whether it is the right one. Where mail shall go to what is there now, say so: "
                + "mailmovectl doctor ACCOUNT --accept-empty")
    }
}
