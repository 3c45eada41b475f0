// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// A well-known hoster of mail, recognised by a domain's MX or by its name, and where its mailboxes are served.
struct Hoster: Sendable, Hashable {
    struct Server: Sendable, Hashable {
        var mailProtocol: MailProtocol
        var host: String

        static func imap(_ host: String) -> Server { Server(mailProtocol: .imap, host: host) }
        static func pop3(_ host: String) -> Server { Server(mailProtocol: .pop3, host: host) }
    }

    var name: String
    /// What the names of its mail exchangers end with.
    var exchangers: [String]
    /// Its own domains, under which it gives out addresses.
    var domains: [String] = []
    /// All are served by TLS from the first octet, on the protocol's port for that.
    var servers: [Server]

    /// - Parameter exchangers: of the domain, the most preferred first.
    static func all(for domain: DomainName, exchangers: [String]) -> [Hoster] {
        known.filter { hoster in
            hoster.domains.contains(domain.name)
                || exchangers.contains { exchanger in
                    hoster.exchangers.contains { exchanger == $0 || exchanger.hasSuffix(".\($0)") }
                }
        }
    }
}

extension Hoster {
    /// User names are full addresses with all of these. ISPDB is Mozilla's collection of such settings,
    /// https://github.com/thunderbird/autoconfig, under the name that is given.
    static let known = [
        // https://help.aliyun.com/document_detail/36576.html; mxhichina.com is its name from before 2021.
        Hoster(
            name: "Alibaba Mail", exchangers: ["qiye.aliyun.com", "mxhichina.com"],
            servers: [.imap("imap.qiye.aliyun.com"), .pop3("pop.qiye.aliyun.com")]),
        // https://open.work.weixin.qq.com/help2/pc/19886 and exmail.qq.com's help: imap.exmail.qq.com, pop.exmail.qq.com.
        Hoster(
            name: "Tencent Exmail", exchangers: ["mxbiz1.qq.com", "mxbiz2.qq.com", "exmail.qq.com"],
            servers: [.imap("imap.exmail.qq.com"), .pop3("pop.exmail.qq.com")]),
        // https://service.mail.qq.com/detail/0/428
        Hoster(
            name: "QQ Mail", exchangers: ["mx1.qq.com", "mx2.qq.com", "mx3.qq.com"],
            domains: ["qq.com", "foxmail.com", "vip.qq.com"],
            servers: [.imap("imap.qq.com"), .pop3("pop.qq.com")]),
        // https://qiye.163.com/help/client-profile.html; its MX are qiye163mx01 and -02.
        Hoster(
            name: "NetEase Qiye",
            exchangers: ["qiye163mx01.mxmail.netease.com", "qiye163mx02.mxmail.netease.com", "qiye.163.com"],
            servers: [.imap("imap.qiye.163.com"), .pop3("pop.qiye.163.com")]),
        // https://help.mail.163.com/faqDetail.do?code=d7a5dc8471cd0c0e8b4b8f4f8e49998b374173cfe9171305fa1ce630d7f67ac2
        Hoster(
            name: "163", exchangers: [], domains: ["163.com"], servers: [.imap("imap.163.com"), .pop3("pop.163.com")]),
        Hoster(
            name: "126", exchangers: [], domains: ["126.com"], servers: [.imap("imap.126.com"), .pop3("pop.126.com")]),
        // Coremail's hosting; its software elsewhere answers under the customer's own names.
        Hoster(
            name: "Coremail", exchangers: ["icoremail.net"],
            servers: [.imap("imap.icoremail.net"), .pop3("pop.icoremail.net")]),
        // https://help.263.net: MX mx.263.net and mxw.263.net.
        Hoster(
            name: "263", exchangers: ["263.net", "263xmail.com"], domains: ["263.net"],
            servers: [.imap("imap.263.net"), .pop3("pop.263.net")]),
        // http://help.sina.com.cn: free and VIP mail, and mail for companies (sina.net).
        Hoster(
            name: "Sina", exchangers: ["sinamail.sina.com.cn"], domains: ["sina.com", "sina.cn"],
            servers: [.imap("imap.sina.com"), .pop3("pop.sina.com")]),
        Hoster(
            name: "Sina for companies", exchangers: ["sina.net", "sinanet.com"],
            servers: [.imap("imap.sina.net"), .pop3("pop.sina.net")]),
        // https://support.huaweicloud.com/dns_faq/dns_faq_044.html
        Hoster(
            name: "Huawei Cloud Mail", exchangers: ["sparkspace.huaweicloud.com"],
            servers: [.imap("imap.sparkspace.huaweicloud.com"), .pop3("pop.sparkspace.huaweicloud.com")]),
        // ISPDB office365.com, hotmail.com
        Hoster(
            name: "Exchange Online", exchangers: ["mail.protection.outlook.com", "mx.microsoft"],
            servers: [.imap("outlook.office365.com"), .pop3("outlook.office365.com")]),
        Hoster(
            name: "Outlook.com", exchangers: ["olc.protection.outlook.com"],
            domains: ["outlook.com", "hotmail.com", "live.com", "msn.com"],
            servers: [.imap("outlook.office365.com"), .pop3("outlook.office365.com")]),
        // ISPDB googlemail.com
        Hoster(
            name: "Google", exchangers: ["google.com", "googlemail.com"], domains: ["gmail.com", "googlemail.com"],
            servers: [.imap("imap.gmail.com"), .pop3("pop.gmail.com")]),
        // ISPDB yahoo.com
        Hoster(
            name: "Yahoo", exchangers: ["yahoodns.net"],
            domains: ["yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "ymail.com", "rocketmail.com"],
            servers: [.imap("imap.mail.yahoo.com"), .pop3("pop.mail.yahoo.com")]),
        // ISPDB zoho.com; https://www.zoho.com/mail/help/imap-access.html: "pro" is for domains of their own, .eu by region.
        Hoster(
            name: "Zoho", exchangers: ["mx.zoho.com", "mx2.zoho.com", "mx3.zoho.com", "zohomail.com"],
            domains: ["zoho.com", "zohomail.com"],
            servers: [
                .imap("imappro.zoho.com"), .imap("imap.zoho.com"), .pop3("poppro.zoho.com"), .pop3("pop.zoho.com"),
            ]),
        Hoster(
            name: "Zoho (EU)", exchangers: ["mx.zoho.eu", "mx2.zoho.eu", "mx3.zoho.eu", "zohomail.eu"],
            servers: [
                .imap("imappro.zoho.eu"), .imap("imap.zoho.eu"), .pop3("poppro.zoho.eu"), .pop3("pop.zoho.eu"),
            ]),
        // ISPDB ionos.com, ionos.de, ionos.fr, ionos.es, ionos.it, ionos.co.uk; kundenserver.de and perfora.net are theirs.
        Hoster(
            name: "IONOS", exchangers: ["ionos.com", "1and1.com", "perfora.net"],
            servers: [.imap("imap.ionos.com"), .pop3("pop.ionos.com")]),
        Hoster(
            name: "IONOS (DE)", exchangers: ["ionos.de", "kundenserver.de", "1und1.de"],
            servers: [.imap("imap.ionos.de"), .pop3("pop.ionos.de")]),
        Hoster(
            name: "IONOS (FR)", exchangers: ["ionos.fr", "1and1.fr"],
            servers: [.imap("imap.ionos.fr"), .pop3("pop.ionos.fr")]),
        Hoster(
            name: "IONOS (UK)", exchangers: ["ionos.co.uk", "1and1.co.uk"],
            servers: [.imap("imap.ionos.co.uk"), .pop3("pop.ionos.co.uk")]),
        Hoster(
            name: "IONOS (ES)", exchangers: ["ionos.es", "1and1.es"],
            servers: [.imap("imap.ionos.es"), .pop3("pop.ionos.es")]),
        // https://help.ovhcloud.com, "Web hosting – Email settings": ssl0.ovh.net; MX mx0 to mx4.mail.ovh.net.
        Hoster(
            name: "OVH", exchangers: ["mail.ovh.net"], servers: [.imap("ssl0.ovh.net"), .pop3("ssl0.ovh.net")]),
        // https://www.strato.de/faq/mail/: MX smtpin.rzone.de.
        Hoster(
            name: "Strato", exchangers: ["rzone.de"], servers: [.imap("imap.strato.de"), .pop3("pop3.strato.de")]),
        // https://docs.gandi.net/en/gandimail/: MX spool.mail.gandi.net and fb.mail.gandi.net.
        Hoster(
            name: "Gandi", exchangers: ["mail.gandi.net"],
            servers: [.imap("mail.gandi.net"), .pop3("mail.gandi.net")]),
        // ISPDB messagingengine.com
        Hoster(
            name: "Fastmail", exchangers: ["messagingengine.com"], domains: ["fastmail.com", "fastmail.fm"],
            servers: [.imap("imap.fastmail.com"), .pop3("pop.fastmail.com")]),
        // ISPDB emailsrvr.com
        Hoster(
            name: "Rackspace", exchangers: ["emailsrvr.com"],
            servers: [.imap("secure.emailsrvr.com"), .pop3("secure.emailsrvr.com")]),
        // https://www.godaddy.com/help, "Server and port settings for Workspace Email"
        Hoster(
            name: "GoDaddy Workspace", exchangers: ["secureserver.net"],
            servers: [.imap("imap.secureserver.net"), .pop3("pop.secureserver.net")]),
        // https://www.namecheap.com/support/knowledgebase/article.aspx/1179
        Hoster(
            name: "Namecheap Private Email", exchangers: ["privateemail.com"],
            servers: [.imap("mail.privateemail.com"), .pop3("mail.privateemail.com")]),
        // https://support.hostinger.com, "How to set up email clients": MX mx1 and mx2.hostinger.com.
        Hoster(
            name: "Hostinger", exchangers: ["hostinger.com"],
            servers: [.imap("imap.hostinger.com"), .pop3("pop.hostinger.com")]),
        // ISPDB hetzner.de: webhosting, under one name for all customers.
        Hoster(
            name: "Hetzner", exchangers: ["your-server.de"],
            servers: [.imap("mail.your-server.de"), .pop3("mail.your-server.de")]),
        // ISPDB mailbox.org
        Hoster(
            name: "mailbox.org", exchangers: ["mailbox.org"], domains: ["mailbox.org"],
            servers: [.imap("imap.mailbox.org"), .pop3("pop3.mailbox.org")]),
        // ISPDB migadu.com
        Hoster(
            name: "Migadu", exchangers: ["migadu.com"],
            servers: [.imap("imap.migadu.com"), .pop3("pop.migadu.com")]),
        // ISPDB gmx.net, gmx.com
        Hoster(
            name: "GMX", exchangers: ["gmx.net"], domains: ["gmx.net", "gmx.de", "gmx.at", "gmx.ch"],
            servers: [.imap("imap.gmx.net"), .pop3("pop.gmx.net")]),
        // ISPDB mail.ru
        Hoster(
            name: "Mail.ru", exchangers: ["mail.ru"], domains: ["mail.ru", "inbox.ru", "list.ru", "bk.ru"],
            servers: [.imap("imap.mail.ru"), .pop3("pop.mail.ru")]),
        // https://yandex.com/support/yandex-360: MX mx.yandex.net.
        Hoster(
            name: "Yandex", exchangers: ["yandex.net", "yandex.ru"], domains: ["yandex.ru", "yandex.com", "ya.ru"],
            servers: [.imap("imap.yandex.com"), .pop3("pop.yandex.com")]),
        // ISPDB me.com; it has no POP3.
        Hoster(
            name: "iCloud", exchangers: ["mail.icloud.com"], domains: ["icloud.com", "me.com", "mac.com"],
            servers: [.imap("imap.mail.me.com")]),
        // https://www.infomaniak.com/en/support: MX mta-gw.infomaniak.ch.
        Hoster(
            name: "Infomaniak", exchangers: ["infomaniak.ch", "infomaniak.com"],
            servers: [.imap("mail.infomaniak.com"), .pop3("mail.infomaniak.com")]),
        // https://help.dreamhost.com, "Email client configuration overview"
        Hoster(
            name: "DreamHost", exchangers: ["dreamhost.com"],
            servers: [.imap("imap.dreamhost.com"), .pop3("pop.dreamhost.com")]),
    ]
}
