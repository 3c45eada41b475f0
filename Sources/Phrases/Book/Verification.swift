// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What is found of an old server, and what it is like.
    static let verification = #"""
        the old server accepts the password of {}
        = 原服务器接受 {} 的密码

        {} messages, {} octets
        = {} 封邮件，{} 字节

        {} messages listed
        = 列出 {} 封邮件

        the old server has no UIDL: messages are recognised by their content, and each run fetches all
        = 原服务器不支持 UIDL：邮件按内容识别，每次运行都要全部取回

        the old server does not open {} of {} folders, and their mail stays there: {}
        = 原服务器的 {2} 个文件夹中有 {1} 个无法打开，其中的邮件不会搬出：{3}

        {} folders with {} messages
        = {} 个文件夹，共 {} 封邮件

        {} of {} messages of the inbox have a UIDL by POP3 ({}): POP3 clients will download the others again; does it
        serve the same mailboxes?
        = 收件箱的 {2} 封邮件中有 {1} 封在 POP3（{3}）中有 UIDL：POP3 客户端会重新下载其余邮件；它提供的是同一批邮箱吗？

        all {} messages of the inbox have their UIDLs by POP3
        = 收件箱的 {} 封邮件在 POP3 中都有 UIDL

        UIDPLUS is not announced: nothing can be deleted there by itself, and deleteAfterMove deletes nothing
        = 没有声明 UIDPLUS：无法逐封删除邮件，deleteAfterMove 不会删除任何邮件

        the old server gives no header alone; mail is fetched as a whole, so this is no hindrance
        = 原服务器不单独提供信头；邮件整封取回，因此不妨碍搬家

        the mailbox is empty
        = 邮箱为空

        the header of message {} has {} octets
        = 邮件 {} 的信头有 {} 字节

        the old server refuses TOP; mail is fetched by RETR alone, so this is no hindrance
        = 原服务器拒绝 TOP；取信只用 RETR，因此不妨碍搬家

        the old server rejects the password of {}: {}; check both, and whether user names hold the domain
        = 原服务器拒绝 {} 的密码：{}；请检查用户名和密码，以及用户名是否带域名

        the old server knows no {}: {}; do its user names hold the domain?
        = 原服务器没有 {}：{}；其用户名是否带域名？

        the old server asks to come back later: {}
        = 原服务器要求稍后再来：{}

        {}; use --security tls or --security starttls with a certificate that is verified, or go without --secure-auth
        = {}；请使用 --security tls 或 --security starttls 并校验证书，或取消 --secure-auth

        the old server takes no login this way: {}; does it ask for TLS first?
        = 原服务器不接受此种登录：{}；是否须先使用 TLS？

        a random and an empty password are rejected
        = 随机密码和空密码均被拒绝

        the old server accepts {} password for {}: it would hand every account to anyone; do not enable migration before
        it checks passwords
        = 原服务器对 {2} 接受了{1}密码：任何人都能取得任何账号；在它校验密码之前请勿开启搬家

        whether the old server rejects {} password could not be told: {}. Verify it again in a while
        = 无法判断原服务器是否拒绝{}密码：{}。请稍后再次检查

        a random
        = 随机

        an empty
        = 空

        EXPIRE 0: retrieving a message deletes it on the old server; keep a backup of it
        = EXPIRE 0：取走邮件即从原服务器删除；请保留其备份

        {} is not offered: passwords travel in the clear unless --secure-auth is set
        = 没有提供 {}：除非设置 --secure-auth，密码以明文传输

        the certificate is not trusted; to pin it, use --fingerprint {}
        = 证书不受信任；如要指定该证书，请使用 --fingerprint {}

        LOGIN-DELAY {}: runs of one account are at least that many seconds apart
        = LOGIN-DELAY {}：同一账号的两次运行至少相隔这么多秒

        PIPELINING is not announced; it is tried all the same, and else moves are slower
        = 没有声明 PIPELINING；仍会尝试，否则搬家较慢

        give the daemon more descriptors (LimitNOFILE=), then try again
        = 请为守护进程提供更多文件描述符（LimitNOFILE=），然后重试

        check the host name, or give the old server's IP address
        = 请检查主机名，或填写原服务器的 IP 地址

        check host and port, that the old server runs, and that its firewall lets this machine in
        = 请检查主机和端口，确认原服务器正在运行，且防火墙允许本机访问

        check --security and --verify: --fingerprint pins a certificate that no authority signs
        = 请检查 --security 和 --verify：--fingerprint 可指定非权威机构签发的证书

        check that this is a {} server, and whether its port wants TLS
        = 请确认这是 {} 服务器，以及该端口是否要求 TLS

        try again in a moment; another program may have the mailbox open
        = 请稍后重试；可能有其他程序正打开该邮箱

        check account and password
        = 请检查账号和密码

        must be the old server: {} port {} is this machine, the new platform itself
        = 须为原服务器：{} 端口 {} 是本机，即新平台

        {} is a name, not an address: after the DNS switch it may lead to the new platform; give the old server's IP
        address
        = {} 是名称而不是地址：DNS 切换后可能指向新平台；请填写原服务器的 IP 地址

        {} is inside {}, the domain that is being moved: after the DNS switch it would lead back to the new platform
        = {} 在要搬家的域 {} 之内：DNS 切换后将指回新平台

        passwords may travel in the clear to {}; use --security tls or --security starttls, or --secure-auth, unless the
        line is private
        = 密码可能以明文发送到 {}；除非线路为专用，请使用 --security tls、--security starttls 或 --secure-auth

        the certificate of {} is not verified: whoever answers in its place could take accounts over; use --verify full,
        or --fingerprint
        = {} 的证书未经校验：冒充它的人可能接管账号；请使用 --verify full 或 --fingerprint

        {} announces EXPIRE 0: retrieving a message deletes it there; keep a backup of the old server
        = {} 声明 EXPIRE 0：取走邮件即从其上删除；请保留原服务器的备份

        {} of the known accounts have no account here, such as {}: create them, or set autoCreateAccounts (--auto-create)
        = 已知账号中有 {} 个在此没有账号，例如 {}：请创建它们，或设置 autoCreateAccounts（--auto-create）

        it answers, without TLS
        = 有应答，不使用 TLS

        it answers, with {} and a certificate that names it
        = 有应答，使用 {}，证书与其名称相符

        it answers, with {}, but {}
        = 有应答，使用 {}，但{}

        {}; it accepts the password, with the domain in the user name
        = {}；接受该密码，用户名带域名

        {}; it accepts the password, for a user name without the domain
        = {}；接受该密码，用户名不带域名

        {}; it rejects the password, with the domain in the user name and without
        = {}；拒绝该密码，无论用户名是否带域名

        {}; it did not judge the password: {}
        = {}；未能判断该密码：{}

        {}; it did not answer to the password in time
        = {}；未及时应答密码验证

        {}; the password was not sent, for nothing proves who answers
        = {}；未发送密码，因为无法证明应答者的身份

        {} old servers are being looked for already; try again in a moment
        = 已有 {} 个原服务器正在查找；请稍后重试

        the old server cannot be reached
        = 无法连接原服务器

        the old server does not answer to passwords
        = 原服务器不应答密码验证

        the old server answers again
        = 原服务器已恢复应答

        the old server bears as many connections as are wanted again
        = 原服务器又可承受所需的连接数

        the old server refuses connections from this machine beyond {}; logins go before moves. Ask its administrator to let this machine's address have more (Courier: MAXPERIP; Dovecot: process_limit and client_limit of its login
        service; firewalls: connlimit)
        = 原服务器不接受来自本机的 {} 个以上连接；登录优先于搬家。请其管理员为本机地址放宽限制（Courier：MAXPERIP；
          Dovecot：登录服务的 process_limit 和 client_limit；防火墙：connlimit）

        after wrong passwords the old server answers everybody {} later, for it counts by address, and all users come
        from this machine's. Ask its administrator to except that address (Dovecot: login_trusted_networks, or
        auth_failure_delay and the anvil penalty; fail2ban: ignoreip)
        = 密码错误后，原服务器对所有人的应答都延迟 {}，因为它按地址计数，而所有用户都来自本机地址。请其管理员将该地址列为
          例外（Dovecot：login_trusted_networks，或 auth_failure_delay 和 anvil 惩罚；fail2ban：ignoreip）

        the old server answers each wrong password {} later than the one before. If it counts by address, users wait for
        each other, for all come from this machine's. Ask its administrator to except that address (Dovecot:
        login_trusted_networks, or auth_failure_delay and the anvil penalty)
        = 原服务器对每个错误密码的应答都比前一个晚 {}。若按地址计数，用户会互相等待，因为他们都来自本机地址。请其管理员将该
          地址列为例外（Dovecot：login_trusted_networks，或 auth_failure_delay 和 anvil 惩罚）

        {#} s
        = {} 秒

        {} cannot be reached
        = 无法连接 {}

        {} greets, and does not answer to passwords
        = {} 有问候，但不应答密码验证

        It wants {} between two logins of a user
        = 它要求同一用户的两次登录相隔 {}

        {} can be reached
        = 可以连接 {}

        {} can be reached, and answers a login in {}
        = 可以连接 {}，登录应答约需 {}

        the old server {} could not be reached lately; it is asked again soon
        = 近来无法连接原服务器 {}；很快会再次询问

        the old server {} has not answered lately; it is asked again soon
        = 原服务器 {} 近来没有应答；很快会再次询问

        so many logins wait for the old server {} that this one would not be answered in time
        = 等待原服务器 {} 的登录太多，此次登录无法及时得到答复
        """#
}
