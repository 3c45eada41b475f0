// SPDX-License-Identifier: Apache-2.0

/// The entries of `systemd/mailmove.catalog`: what `journalctl -x` adds to a log entry that has a `reason`, or else an
/// `event`.
enum MessageCatalog {
    /// `MESSAGE_ID` by the value of `reason` or `event` in the entry's metadata. Once given out, an identifier keeps its
    /// meaning.
    static let identifiers = [
        // Reasons.
        "oldServerUnreachable": "01979d7b37af43feb7c9a3465d36de5c",
        "oldServerUntrusted": "2955d8ebca4c4ba3ab9af996b1da410a",
        "oldServerProtocol": "7c577be53f7d49d9bc848184f07175cb",
        "secureAuthenticationUnavailable": "9c327174b43240e8a684502c42d84be2",
        "messagesRefused": "3a71961fec644443972f12202f8b1954",
        "interrupted": "7b27f42fe6c04eeba3e646df4697c69c",
        "mailStoreUnavailable": "938d93579d734612b3dd6c596d24df1b",
        "databaseUnavailable": "af17fcd26d6048b6ade6745ff0ca57ee",
        "directoryUnavailable": "9727956ae8eb45188da0662329927ac8",
        "credentialsRejected": "b5b672e7ccc74d9aae47ef76e91fae88",
        "mailboxInUse": "7fdd7e4268d446e79b8a0fee19c5c228",
        "masterRejected": "b90c52f6d1e84a7c93f5e60a7d4b2c18",
        "oldServerThrottled": "4c1d7f0b9a5e4f3e8d62b7a9c0e31f58",
        // Events of an account.
        "triggered": "e6e05e0d7a5f4ec8b9685286efe063d2",
        "handedOver": "59c91a5b777a47648e3348f542469418",
        "completed": "db86382bf9c24cbf96203dd053e1b9e6",
        "nonMigrating": "d1094d6c6f314b9ba1bae1e986ab4ffe",
        "stopped": "216d0510365d45e2a0640afe0d1df99a",
        // Events of the daemon.
        "configurationRefused": "bfa2408e0dca46eeb5e5cf28f2d85f0e",
        "restartNeeded": "4e5a6ec6350f451c979c3c96e5e17013",
        "idle": "31cebb294e47491798dcc5d452bd87c0",
    ]
}
