// SPDX-License-Identifier: Apache-2.0

extension ServerFindings {
    public static let schema = Schema.object(
        ObjectSchema(
            "ServerFindings", "What was found.",
            [
                .required("ok", .boolean, "whether every check is"),
                .required(
                    "checks", .array(of: check), "in the order in which they were made; the rest was not reached"),
                .required("server", server, "what the server says of itself"),
                .sometimes("mailbox", mailbox, "of the account, where one was given and let in"),
                .required("advice", .array(of: .text), "what to do"),
            ]))

    private static let check = Schema.object(
        ObjectSchema(
            "Check", "One step.",
            [
                .required("name", .choice(Check.Name.self), "which"),
                .required("ok", .boolean, "whether all is well"),
                .required("detail", .text, "what was found, and what to do"),
                .required("milliseconds", .count, "how long it took"),
            ]))

    private static let server = Schema.object(
        ObjectSchema(
            "ServerProperties", "What the server says of itself.",
            [
                .required("greeting", .orNull(.text), "its first line; null where it was not reached"),
                .required("capabilities", .array(of: .text), "what it announces"),
                .required("mechanisms", .array(of: .text), "SASL mechanisms, and APOP"),
                .sometimes(
                    "tls",
                    .object(
                        ObjectSchema(
                            "TLS", "The protected connection.",
                            [
                                .required("version", .text, "such as TLSv1.3"),
                                .required("cipher", .text, "cipher suite"),
                                .required("sha256", .fingerprint, "of the certificate"),
                                .required("trusted", .boolean, "whether chain and name hold"),
                                .sometimes("reason", .text, "why it is not trusted"),
                            ])),
                    "the protected connection, where there was one"),
                .required("pipelining", .boolean, "whether commands may be sent ahead"),
                .required("uidl", .boolean, "whether messages have names"),
                .required("top", .boolean, "whether headers can be had alone"),
                .sometimes("id", .map(of: .text), "by IMAP, what it says it is (ID)"),
                .sometimes("namespace", .text, "by IMAP, what the names of a user's own folders begin with"),
                .sometimes("folders", .array(of: .text), "by IMAP, the account's folders"),
            ]))

    private static let mailbox = Schema.object(
        ObjectSchema(
            "MailboxSize", "How much is in it.",
            [.required("messages", .count, "messages"), .required("octets", .count, "their octets")]))

    static let example = ServerFindings(
        ok: true,
        checks: [
            Check(name: .resolve, ok: true, detail: "192.0.2.10", milliseconds: 0),
            Check(name: .connect, ok: true, detail: "192.0.2.10 port 110", milliseconds: 3),
        ],
        server: Server(
            greeting: "+OK ready", capabilities: ["STLS", "UIDL", "TOP", "SASL PLAIN"], mechanisms: ["PLAIN"],
            tls: TLS(
                version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", sha256: String(repeating: "0f", count: 32),
                trusted: true),
            pipelining: true, uidl: true, top: true),
        mailbox: Mailbox(messages: 1500, octets: 104_000_000), advice: [])
}
