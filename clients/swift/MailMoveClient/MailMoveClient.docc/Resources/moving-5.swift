import MailMoveClient

let mailmove = MailMoveClient(socketPath: "/run/mailmove/admin.sock")

watching: for try await update in try mailmove.watchStatus(domain: "example.com") {
    switch update {
    case .snapshot(let domain): print("\(domain.counts.completed) accounts are done")
    case .changed(let status): print(status.account, status.status)
    case .progress(let figures):
        print("\(figures.moved) messages moved, \(figures.remaining) to go")
        if figures.counts.inProgress == 0 { break watching }
    }
}

let query = ListLog(domain: try DomainName("example.com"), attention: true)
for try await status in mailmove.log(query) {
    print(status.account, status.error?.detail ?? "has not come, or came in vain")
}
