// SPDX-License-Identifier: Apache-2.0

import Vocabulary

extension Report: Described {
    private static let span = Schema.object(
        ObjectSchema(
            "MovedInSpan", "What was moved in an hour or a day.",
            [
                .required("at", .time, "its beginning, in UTC"),
                .required("moved", .count, "messages moved"),
                .required("octets", .count, "octets of them"),
            ]))

    public static let schema = Schema.object(
        ObjectSchema(
            "Report", "How a domain's migration has gone.",
            [
                .required("domain", .domain, "the domain"),
                .required("from", .time, "the beginning of the window, or of the first move before it"),
                .required("to", .time, "when the report was made, or the window's end where that is earlier"),
                .required(
                    "totals",
                    .object(
                        ObjectSchema(
                            "ReportTotals", "Sums over all accounts.",
                            [
                                .required("accounts", .count, "accounts of the domain"),
                                .required("moved", .count, "messages moved"),
                                .required("movedOctets", .count, "octets of them"),
                                .required("remaining", .count, "messages known to be only on the old server"),
                                .required("seconds", .count, "from `from` to `to`"),
                            ])), "sums over all accounts"),
                .required(
                    "byHour", .array(of: span),
                    "hours in which something was moved, in order, also of accounts deleted since; the latest 744"),
                .required("byDay", .array(of: span), "the same by day, in UTC"),
                .required("byStatus", StatusCounts.schema, "accounts by status"),
                .required(
                    "failures",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "ReportFailure", "Accounts that have failed for one reason.",
                                [
                                    .required("reason", .choice(Reason.self), "why, for programs"),
                                    .required("accounts", .count, "how many"),
                                    .required("action", .text, "what an administrator does about it"),
                                ]))), "why accounts have failed, the most frequent reason first"),
                .required(
                    "notStarted",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "ReportWaiting", "An account that has not started.",
                                [
                                    .required("account", .orNull(.address), "null without people"),
                                    .required(
                                        "displayName", .orNull(.text), "null where it has none, and without people"),
                                    .required(
                                        "reason",
                                        .choice(["noLogin", "paused"] + Reason.allCases.map(\.rawValue)),
                                        "why not: nobody has logged in, it is paused, or what came of the last attempt"),
                                    .required(
                                        "lastAttempt", .orNull(LastAttempt.schema),
                                        "the latest time that the old server was asked about a password of the account"),
                                ]))),
                    "who has not started, and why, by address; the first 10,000"),
                .required(
                    "largest",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "ReportMailbox", "How much of an account was moved.",
                                [
                                    .required("account", .orNull(.address), "null without people"),
                                    .required("moved", .count, "messages moved"),
                                    .required("octets", .count, "octets of them"),
                                ]))), "the ten accounts of which most octets were moved"),
                .required(
                    "leftToDo",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "ReportTask", "Something that an administrator has still to do.",
                                [
                                    .required(
                                        "task", .choice(["notStarted", "failed", "paused", "inProgress", "finish"]),
                                        "what it is about"),
                                    .required("accounts", .count, "how many accounts it is about"),
                                    .required("action", .text, "what to do"),
                                ]))), "what is left to do, in the order in which it is best done"),
                .sometimes(
                    "html", .text, "with format html: one page that needs nothing from elsewhere, and prints on A4"),
            ]))

    static let example = Report(
        domain: .example, from: .example, to: .example.adding(seconds: 86_400),
        totals: Totals(accounts: 100, moved: 1200, movedOctets: 88_000_000, remaining: 300, seconds: 86_400),
        byHour: [Span(at: .exampleHour, moved: 1200, octets: 88_000_000)],
        byDay: [Span(at: .exampleDay, moved: 1200, octets: 88_000_000)], byStatus: .example,
        failures: [
            Failure(
                reason: .oldServerUnreachable, accounts: 1,
                action: "See that the old server runs and that firewalls let this machine through (mailmovectl verify)."
            )
        ],
        notStarted: [Waiting(account: .example("bob"), displayName: "Bob", reason: "noLogin", lastAttempt: nil)],
        largest: [Mailbox(account: .example, moved: 1200, octets: 88_000_000)],
        leftToDo: [
            Task(
                task: "notStarted", accounts: 1,
                action: "Ask these people to log in with the password they have always had: that starts their move.")
        ])
}

extension Timestamp {
    fileprivate static let exampleHour = Timestamp(milliseconds: example.milliseconds / 3_600_000 * 3_600_000)
    fileprivate static let exampleDay = Timestamp(milliseconds: example.milliseconds / 86_400_000 * 86_400_000)
}
