// SPDX-License-Identifier: Apache-2.0

import RecordForms

/// A table that is in both databases, with the same columns.
struct Table: Sendable {
    struct Column: Sendable {
        var name: String
        /// PostgreSQL's.
        var type: String
    }

    var name: String
    /// By which its rows are in order.
    var key: [String]
    var columns: [Column]
    /// Rows of SQLite's, and of PostgreSQL's, that belong to it.
    var condition = "true"

    init(_ name: String, key: [String], _ columns: String) {
        self.name = name
        self.key = key
        self.columns = columns.split(separator: ",").map { column in
            let words = column.split(separator: " ")
            return Column(name: String(words[0]), type: words.count > 1 ? String(words[1]) : "bigint")
        }
    }

    /// All but the ledger, those first that others name.
    static let all: [Table] = [
        Table("domain", key: ["id"], "id,name text"),
        Table("settings", key: ["domain"], "domain,value text"),
        Table("listed", key: ["domain", "kind", "address"], "domain,kind smallint,address text,given text"),
        Table(
            "account", key: ["id"],
            """
            id,domain,address text,given text,displayName text,foldedName text,quotaOctets,createdAt,deletedAt,\
            passwordHash text,handover text,revision,shownRevision,shownGeneration,rejectedRevision,rejectedGeneration,\
            outcome smallint,nonMigrating text,startedAt,startedBy text,lastTriggeredAt,finishedAt,moved,movedOctets,\
            remaining,remainingOctets,runs,errorReason text,errorDetail text,errorAt,pendingKind text,pendingDue,\
            pendingFailures,pendingFailingSince,pendingFollowUpUntil,pendingSessions,pendingFound,pendingWait,\
            lookedThrough,version,intendedHash text,intendedSealed bytea,intendedGeneration,intendedVia text,\
            intendedReplaced text,lastTriggeredBy text,attemptAt,attemptVia text,attemptOutcome text,\
            attemptReason text,paused smallint,sealed bytea
            """),
        Table(
            "event", key: ["id"],
            """
            id,at,domain,address text,given text,kind text,via text,reason text,detail text,count,since,idle smallint,\
            likeness
            """),
        Table("intent", key: ["id"], "id,account,recordedAt,batch bytea,messages bytea"),
        Table(
            "folder", key: ["account", "source"],
            "account,source,path text,target text,use text,remaining,moved,mark text"),
        Table("mailbox", key: ["account"], "account,marker text"),
        Table("namedRun", key: ["account", "mark"], "account,mark,last"),
        {
            var kept = Table("kept", key: ["name"], "name text,value bytea")
            kept.condition = "name NOT IN ('being-copied', 'seal-key-print', 'check')"
            return kept
        }(),
    ]

    /// With columns of PostgreSQL's alone, which are the same in all rows.
    static let others: [(table: Table, column: String)] = [
        (Table("movedInHour", key: ["domain", "hour"], "domain,hour,messages,octets"), "slot"),
        (Table("run", key: ["account"], "account,going smallint,deaths,moved"), "node"),
    ]

    /// Those whose ids go on.
    static let numbered = ["domain", "account", "event", "intent"]

    static let ledger = Table(
        "ledger", key: ["account", "source", "uniqueID", "content", "occurrence", "octets", "flags"],
        "account,source,uniqueID,content,occurrence integer,octets,flags smallint")

    var places: [Int] { key.compactMap { name in columns.firstIndex { $0.name == name } } }
}
