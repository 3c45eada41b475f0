// SPDX-License-Identifier: Apache-2.0

import CCares
import Glibc
import Vocabulary

// How c-ares is used (1.18, as in Debian 12).

extension QueryThread {
    /// Three attempts for each server, 1 s, 2 s and 4 s: a dead one costs little, and a late answer still counts.
    private static let firstTry: Int32 = 1000
    private static let tries: Int32 = 3
    /// The size that passes every network unfragmented; longer answers come by TCP (RFC 6891, DNS flag day 2020).
    private static let datagramOctets: Int32 = 1232

    /// Opens a channel to the servers to be asked.
    func open() throws(LookupFailure) -> ares_channel {
        guard bell >= 0 else { throw .other("no file descriptor is left") }
        let channel = try Self.channel()
        guard server != nil || Self.servers(of: channel) == 1 else { return channel }
        defer { ares_destroy(channel) }
        let addresses = if let server { try addresses(of: server, channel) } else { [IPAddress]() }
        // With several servers, c-ares moves on from one that fails and forgets how it failed. With only one, its
        // answer counts.
        let chosen = try Self.channel(adding: addresses.count < 2 ? ARES_FLAG_NOCHECKRESP : 0)
        guard let server else { return chosen }
        do throws(LookupFailure) {
            let list = addresses.map { Resolver.Server(host: $0.description, port: server.port).description }
            try check(ares_set_servers_ports_csv(chosen, list.joined(separator: ",")))
            return chosen
        } catch {
            ares_destroy(chosen)
            throw error
        }
    }

    private static func servers(of channel: ares_channel) -> Int {
        var list: UnsafeMutablePointer<ares_addr_port_node>?
        guard ares_get_servers_ports(channel, &list) == ARES_SUCCESS else { return 0 }
        defer { ares_free_data(list) }
        return sequence(first: list, next: { $0?.pointee.next }).prefix { $0 != nil }.count { _ in true }
    }

    private static func channel(adding flags: Int32 = 0) throws(LookupFailure) -> ares_channel {
        var options = ares_options()
        options.flags = ARES_FLAG_EDNS | ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH | flags
        options.timeout = firstTry
        options.tries = tries
        options.ednspsz = datagramOctets
        var channel: ares_channel?
        try check(
            ares_init_options(
                &channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ))
        guard let channel else { throw .other("no channel was made") }
        return channel
    }

    /// A server configured by name is looked up as the system would, in its hosts file and by its servers.
    private func addresses(of server: Resolver.Server, _ channel: ares_channel) throws(LookupFailure) -> [IPAddress] {
        if let address = IPAddress(server.host) { return [address] }
        var found = FoundHost()
        withUnsafeMutablePointer(to: &found) { place in
            ares_gethostbyname(
                channel, server.host, AF_UNSPEC,
                { place, status, _, host in
                    place?.assumingMemoryBound(to: FoundHost.self).pointee = FoundHost(
                        status: status, host: host?.pointee)
                }, place)
            // The callback comes at the latest with the cancellation, so this memory outlives the question.
            while place.pointee.status == nil {
                if isOver { ares_cancel(channel) } else { wait(channel, isLate: false) }
            }
        }
        guard !found.addresses.isEmpty else { throw .other("\(server.host) (dns.server) has no address") }
        return found.addresses
    }

    private struct FoundHost {
        var status: Int32?
        var addresses: [IPAddress] = []

        init() {}

        init(status: Int32, host: hostent?) {
            self.status = status
            guard let host, var next = host.h_addr_list else { return }
            while let octets = next.pointee, addresses.count < 3 {
                let all = UnsafeRawBufferPointer(start: octets, count: Int(host.h_length))
                if let address = IPAddress(octets: Array(all)) { addresses.append(address) }
                next += 1
            }
        }
    }
}

private func check(_ status: Int32) throws(LookupFailure) {
    guard status != ARES_SUCCESS else { return }
    throw .other(String(cString: ares_strerror(status)))
}

extension Answer<RecordData> {
    /// What c-ares calls back with: a status, and the message where there was one.
    init(status: Int32, message: [UInt8]?, type: RecordType) {
        let decoded = message.flatMap { try? AnswerMessage($0).answer(type) }
        self.init(.failed(.malformed), aliases: decoded?.aliases ?? [])
        switch status {
        case ARES_SUCCESS:
            // Without a readable message, the kind of answer is unknown.
            guard let decoded else { return }
            outcome = decoded.data.isEmpty ? .noSuchRecord : .records(decoded.data)
        case ARES_ENODATA: outcome = .noSuchRecord
        case ARES_ENOTFOUND: outcome = .noSuchName
        case ARES_ESERVFAIL: outcome = .failed(.serverFailure)
        case ARES_EREFUSED: outcome = .failed(.refused)
        case ARES_ENOTIMP, ARES_EFORMERR, ARES_EBADRESP: outcome = .failed(.malformed)
        case ARES_EBADNAME: outcome = .failed(.invalidName)
        case ARES_ECONNREFUSED: outcome = .failed(.unreachable)
        case ARES_ETIMEOUT: outcome = .failed(.timedOut)
        // Everything is cancelled at the deadline, and when the session ends.
        case ARES_ECANCELLED, ARES_EDESTRUCTION: outcome = .failed(.timedOut)
        default: outcome = .failed(.other(String(cString: ares_strerror(status))))
        }
    }
}
