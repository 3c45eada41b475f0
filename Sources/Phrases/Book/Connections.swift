// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What becomes of a connection to a server: DNS, TCP, TLS.
    static let connections = #"""
        the old server {} {}
        = 原服务器 {} {}

        the old server {} {}; it said: {}
        = 原服务器 {} {}；其答复：{}

        does not answer
        = 没有应答

        it does not answer
        = 没有应答

        gives no answer
        = 没有应答

        closed the connection
        = 断开了连接

        is busy
        = 正忙

        serves nobody from here
        = 不为本机提供服务

        was left: the work was cancelled here
        = 的连接已由本机放弃：任务被取消

        was left: the session was closed here
        = 的会话已由本机结束

        was not asked: this machine has no descriptor left for it; raise LimitNOFILE= (or ulimit -n)
        = 未被询问：本机的文件描述符已用完；请调高 LimitNOFILE=（或 ulimit -n）

        cannot be reached: {}; check host, port and firewalls
        = 无法连接：{}；请检查主机、端口和防火墙

        cannot be looked up: DNS does not answer
        = 无法解析：DNS 没有应答

        leads to this machine, the new platform itself, as after the DNS switch; give the old server's IP address
        = 指向本机（即新平台），如同 DNS 切换之后；请填写原服务器的 IP 地址

        has no address ({}); check the host name and this machine's DNS
        = 没有地址（{}）；请检查主机名和本机的 DNS

        has no address; check the host name
        = 没有地址；请检查主机名

        does not speak TLS on this port: it answers in plain text; the settings say --security tls
        = 在此端口不使用 TLS，而以明文应答；当前设置为 --security tls

        set --security starttls or --security opportunistic, or the port that speaks TLS (usually 995 for POP3, 993 for
        IMAP)
        = 请设为 --security starttls 或 --security opportunistic，或改用 TLS 端口（POP3 通常为 995，IMAP 为 993）

        sends no greeting, for it speaks TLS on this port; the settings need --security tls
        = 没有发送问候，因为此端口使用 TLS；需要设为 --security tls

        set --security tls, or the port that speaks plain text (usually 110 for POP3, 143 for IMAP)
        = 请设为 --security tls，或改用明文端口（POP3 通常为 110，IMAP 为 143）

        closed the connection during the TLS handshake
        = 在 TLS 握手时断开了连接

        check --port and --security, and which versions and ciphers of TLS the old server speaks
        = 请检查 --port 和 --security，以及原服务器支持的 TLS 版本和加密套件

        does not answer the TLS handshake
        = 没有应答 TLS 握手

        check --port and --security: a port that speaks plain text needs another than --security tls
        = 请检查 --port 和 --security：明文端口不能使用 --security tls

        shows a certificate that is not trusted: {}
        = 的证书不受信任：{}

        shows a certificate for another host
        = 的证书属于另一主机

        shows a certificate for another host: {}
        = 的证书属于另一主机：{}

        speaks no version of TLS that this machine speaks (TLS 1.0 to 1.3)
        = 不支持本机可用的 TLS 版本（TLS 1.0 至 1.3）

        let the old server speak TLS 1.0 or later, or use --security none where the line is private
        = 请让原服务器支持 TLS 1.0 或更高版本；若线路为专用，可设为 --security none

        fails the TLS handshake ({})
        = TLS 握手失败（{}）

        TLS cannot be set up here ({})
        = 本机无法建立 TLS（{}）

        asks for another TLS handshake in the middle of a session (renegotiation), which is refused; switch that off
        there, or let it speak TLS 1.3
        = 在会话中要求重新进行 TLS 握手（重新协商），已被拒绝；请在原服务器上关闭该功能，或启用 TLS 1.3

        dropped the connection (TLS: {})
        = 断开了连接（TLS：{}）

        dropped the connection ({})
        = 断开了连接（{}）

        shows another certificate than the one in the settings, with the SHA-256 {}; nothing was sent, for somebody may
        stand in between
        = 的证书与设置中的不同，其 SHA-256 为 {}；没有发送任何内容，因为可能有人冒充

        do not take the certificate that came for right: ask the old server's administrator, by another way than mail,
        whether it was changed, and what it is now
        = 请勿直接信任收到的证书：请以邮件以外的方式向原服务器的管理员确认证书是否已更换，以及现在是什么

        shares no TLS cipher with this machine: it offers nothing but what is given up today, such as Diffie-Hellman
        without elliptic curves (DHE), AES-CBC with SHA-256 or SHA-384, or RC4; ECDHE or RSA key exchange is needed there
        = 与本机没有共同的 TLS 加密套件：它只提供现已弃用的套件，如不带椭圆曲线的 Diffie-Hellman（DHE）、配 SHA-256 或
          SHA-384 的 AES-CBC、RC4；需要 ECDHE 或 RSA 密钥交换

        let the old server offer key exchange by ECDHE or RSA, with AES (TLS_RSA_WITH_AES_128_CBC_SHA will do); or use
        --security none where the line is private
        = 请让原服务器提供 ECDHE 或 RSA 密钥交换及 AES（TLS_RSA_WITH_AES_128_CBC_SHA 即可）；若线路为专用，可设为
          --security none

        it ended without an agreement
        = 双方未达成一致

        it is not signed by an authority that this machine trusts, or is out of date
        = 证书不是由本机信任的机构签发，或已过期

        it has expired
        = 证书已过期

        it is not valid yet; check the clocks
        = 证书尚未生效；请检查时钟

        it is self-signed, or not signed by an authority that this machine trusts
        = 证书为自签名，或不是由本机信任的机构签发

        it names no host
        = 证书未写明主机

        sent plain text where TLS was to begin
        = 在应开始 TLS 之处发送了明文

        sent plain text after its answer to STLS, as somebody on the way would; nothing was sent
        = 在应答 STLS 之后又发送了明文，像是有人从中篡改；没有发送任何内容

        sent plain text behind its answer to STARTTLS, as somebody on the way would; nothing was sent
        = 在应答 STARTTLS 之后又发送了明文，像是有人从中篡改；没有发送任何内容

        was left: the messages may not be sent any more
        = 已放弃：不可再发送这些邮件
        """#
}
