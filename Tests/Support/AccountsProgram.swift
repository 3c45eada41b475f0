// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A program that knows a platform's accounts, as `accounts.command` asks it: they are in a file of its own.
public final class AccountsProgram: Sendable {
    public let folder: URL
    public var path: String { folder.appending(path: "accounts").path }

    public init() async throws {
        folder = URL(filePath: "/var/tmp/mailmove-command-\(UUID().uuidString.prefix(8).lowercased())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write([:])
        try behave()
        // Copied by another process: one that is started elsewhere at this moment would keep a file of ours open for
        // writing, which then cannot be started itself (ETXTBSY).
        let text = folder.appending(path: "accounts.py")
        try Data(Self.program.utf8).write(to: text)
        _ = try await ProgramRun.output(of: "/bin/cp", [text.path, path])
        for (name, mode) in [("", 0o777), ("accounts", 0o755)] {
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: folder.appending(path: name).path)
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }  // left behind at worst

    /// Accounts by address, each with what `lookup` gives.
    public func write(_ accounts: [String: [String: any Sendable]]) throws {
        let file = folder.appending(path: "store")
        try JSONSerialization.data(withJSONObject: accounts).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file.path)
    }

    public func password(of address: String) throws -> String? {
        let data = try Data(contentsOf: folder.appending(path: "store"))
        let accounts = try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
        return accounts?[address]?["password"] as? String
    }

    /// Whom `kill before` and `kill after` kill.
    public func aim(at process: Int32) throws {
        try Data("\(process)".utf8).write(to: folder.appending(path: "daemon"))
    }

    /// What it does instead of answering a question: `exit`, `garbage`, `flood`, `hang`, `deny`; or kills the daemon before
    /// or after the change: `kill before`, `kill after`.
    public func behave(_ ways: [String: String] = [:]) throws {
        try JSONSerialization.data(withJSONObject: ways).write(to: folder.appending(path: "ways"))
    }

    /// What it was asked, and by what command line and environment.
    public var calls: String {
        (try? String(contentsOf: folder.appending(path: "calls"), encoding: .utf8)) ?? ""
    }

    private static let program = #"""
        #!/usr/bin/python3 -SE
        import fcntl, json, os, sys, time
        folder = os.path.dirname(os.path.abspath(__file__))
        asked = json.loads(sys.stdin.readline())
        way = json.load(open(folder + "/ways")).get(asked["do"], "")
        with open(folder + "/calls", "a") as calls:
            calls.write(json.dumps({"asked": asked, "argv": sys.argv, "environ": dict(os.environ)}) + "\n")
        if way == "exit": sys.exit(3)
        if way == "garbage": print("<html>502 Bad Gateway</html>"); sys.exit(0)
        if way == "hang": time.sleep(600)
        while way == "flood": sys.stdout.write("x" * 65536)
        def kill(): os.kill(int(open(folder + "/daemon").read()), 9)
        if way == "kill before": kill(); sys.exit(1)
        lock = open(folder + "/lock", "w"); fcntl.flock(lock, fcntl.LOCK_EX)
        accounts = json.load(open(folder + "/store")); row = accounts.get(asked.get("address"))
        def save():
            with open(folder + "/store", "w") as store: json.dump(accounts, store)
        do = asked["do"]
        if do == "lookup": answer = {"found": row is not None, **{k: v for k, v in (row or {}).items() if k != "secret"}}
        elif do == "verify": answer = {"matches": row is not None and row.get("secret") == asked["password"]}
        elif do == "list": answer = {"accounts": [{"address": a, "name": r.get("name"), "quota": r.get("quota")} for a, r in accounts.items() if a.endswith("@" + asked["domain"])]}
        elif do == "create": accounts[asked["address"]] = {"password": asked["password"]}; save(); answer = {"created": True}
        else:
            done = way != "deny" and row is not None and row.get("password") == asked["expected"]
            if done and "secret" in row: row["secret"] = asked["password"]; save()
            elif done: row["password"] = asked["password"]; save()
            answer = {"replaced": done}
        if way == "kill after": kill()
        print(json.dumps(answer))

        """#
}
