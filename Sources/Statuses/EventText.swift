// SPDX-License-Identifier: Apache-2.0

public import Records
public import Vocabulary

extension StatusText {
    /// What an event says, and how often it has happened.
    public static func counted(_ event: EventRecord) -> LocalizedText {
        let once = self.event(event)
        guard event.count > 1, let since = event.since else { return once }
        return LocalizedText(
            en: "\(once.en) (\(event.count) times since \(since))",
            zhCN: "\(once.zhCN)（自 \(since) 起共 \(event.count) 次）")
    }
}
