// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Which folders move, and where to. Paths are in UTF-8, with `/` between levels, without what all names of the server
/// begin with; in patterns, `*` stands for anything.
public struct FolderRules: Hashable, Sendable {
    /// From a pattern to a path; what the `*` of the first stands for takes the place of the `*` in the second.
    public struct Mapping: Hashable, Sendable {
        public var pattern: String
        public var target: String

        public init(_ pattern: String, to target: String) { (self.pattern, self.target) = (pattern, target) }
    }

    /// Patterns of those that do not move.
    public var exclude: [String] = []
    /// The first one that matches counts.
    public var map: [Mapping] = []
    /// Whether folders of other users, and those of many, move too.
    public var movesShared = false
    /// What the new platform calls its special folders.
    public var specialTargets = SpecialUse.usualNames
    /// From path to target: what was decided in an earlier session, and stays so unless ``map`` says otherwise.
    public var earlier: [String: String] = [:]
    /// What the new platform's names cannot hold, besides `/` and control characters.
    public var unholdable: Set<Unicode.Scalar> = []
    /// Patterns of levels that the new platform has a use of its own for.
    public var reserved: [String] = []
    /// Whether the server is asked about the next folder before it has told all of the last. If it does not bear that, a
    /// failure with the code `pipeliningBroken` asks the caller to go without in a new session.
    public var asksAhead = false
    /// Whether the server is asked where names of folders begin; some hang up then.
    public var asksNamespaces = true
    /// Whether folders are asked about one by one, so that it is certain at which of them a session ends.
    public var asksOneByOne = false
    /// By path, folders that the server is not asked about, and why: they are refused.
    public var passedOver: [[String]: String] = [:]

    public init() {}
}
