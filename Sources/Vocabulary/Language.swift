// SPDX-License-Identifier: Apache-2.0

/// A language that the product speaks.
public enum Language: String, Codable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh-CN"
}
