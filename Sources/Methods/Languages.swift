// SPDX-License-Identifier: Apache-2.0

import MailMoveAPI
import Phrases
import Vocabulary

extension Language {
    /// The result of `body`, or the error that it throws, with its texts for administrators in this language.
    func localized<Result>(_ body: () async throws -> Result) async throws -> Result {
        guard self != .english else { return try await body() }
        let translate = { Phrasebook.mailmove.say($0, in: self) }
        let result: Result
        do {
            result = try await body()
        } catch {
            guard var failure = CallFailure(for: error) else { throw error }
            failure.data.detail = failure.data.detail(translate)
            throw failure
        }
        guard var localized = result as? any LocalizedResult else { return result }
        localized.translate(translate)
        return localized as? Result ?? result
    }
}

extension ErrorData {
    /// What is wrong with a parameter is a clause behind its name.
    fileprivate func detail(_ translate: (String) -> String) -> String {
        guard let parameter, detail.hasPrefix("\(parameter) ") else { return translate(detail) }
        return "\(parameter) \(translate(String(detail.dropFirst(parameter.count + 1))))"
    }
}
