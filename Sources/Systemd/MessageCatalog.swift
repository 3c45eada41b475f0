// SPDX-License-Identifier: Apache-2.0

/// The entries of `systemd/mailmove.catalog`: what `journalctl -x` adds to an entry of that `reason`.
enum MessageCatalog {
    /// `MESSAGE_ID` by the value of the entry's metadata `reason`. Once given out, an identifier keeps its meaning.
    static let identifiers = [
        "oldServerUnreachable": "01979d7b37af43feb7c9a3465d36de5c",
        "oldServerUntrusted": "2955d8ebca4c4ba3ab9af996b1da410a",
        "oldServerProtocol": "7c577be53f7d49d9bc848184f07175cb",
        "secureAuthenticationUnavailable": "9c327174b43240e8a684502c42d84be2",
        "messagesRefused": "3a71961fec644443972f12202f8b1954",
        "interrupted": "7b27f42fe6c04eeba3e646df4697c69c",
        "mailStoreUnavailable": "938d93579d734612b3dd6c596d24df1b",
        "databaseUnavailable": "af17fcd26d6048b6ade6745ff0ca57ee",
    ]
}
