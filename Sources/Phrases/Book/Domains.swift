// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What is found of a domain's DNS.
    static let domains = #"""
        it is not known where mail for {} goes: {}; check the DNS of this machine, or dns.server in the configuration,
        and that the domain's own name servers answer; then check again
        = 无法得知 {} 的邮件送往何处：{}；请检查本机的 DNS 或配置中的 dns.server，并确认该域的域名服务器有应答，然后再次检查

        {} does not exist in DNS (NXDOMAIN): check the spelling, and that the domain is registered and delegated to name
        servers that know it
        = {} 在 DNS 中不存在（NXDOMAIN）：请检查拼写，并确认该域已注册并委派给有其记录的域名服务器

        {} says by a null MX (RFC 7505) that it takes no mail; replace it by {}
        = {} 以空 MX（RFC 7505）声明不接收邮件；请改为{}

        {} has a null MX (RFC 7505), which says that it takes no mail, beside other MX records; remove the one that names
        "."
        = {} 除其他 MX 记录外还有表示不接收邮件的空 MX（RFC 7505）；请删除指向“.”的那条

        {} is an alias (CNAME) of {}, whose records count: a change has to be made there
        = {} 是 {} 的别名（CNAME），以后者的记录为准：须在那里修改

        {} has no MX, and its address is not known: {}; add {}
        = {} 没有 MX，其地址也无法得知：{}；请添加{}

        {} has neither MX nor address: no mail for it can be delivered; add {}
        = {} 既没有 MX 也没有地址，邮件无法送达；请添加{}

        {} has no MX: mail goes to its own addresses (RFC 5321 §5.1); add {}, so that a web server never gets mail
        = {} 没有 MX：邮件送往其自身的地址（RFC 5321 §5.1）；请添加{}，以免邮件送到网站服务器

        {} has {} MX records, of which the {} most preferred are looked at here; remove those that are not needed
        = {} 有 {} 条 MX 记录，这里只查看最优先的 {} 条；请删除不需要的

        no MX of {} can be used by a sender; add {}
        = {} 没有发件方可用的 MX；请添加{}

        {} of {} is an address, where a host name has to be: name the host that has it
        = {2} 的 {1} 是地址，而此处须为主机名：请填写拥有该地址的主机

        {} of {} is no host name: correct it, or remove it
        = {2} 的 {1} 不是主机名：请改正或删除

        {} of {} leads every sender to its own machine ({}): correct it, or remove it
        = {2} 的 {1} 使每个发件方都连到自己的机器（{3}）：请改正或删除

        {} of {} is an alias (CNAME) of {}, which MX must not name (RFC 2181 §10.3): some senders refuse; name {} itself
        = {2} 的 {1} 是 {3} 的别名（CNAME），MX 不得指向别名（RFC 2181 §10.3），部分发件方会拒绝；请直接填写 {4}

        {} of {} has no address: no sender can use it; give it one, or remove the MX
        = {2} 的 {1} 没有地址，发件方无法使用；请为其添加地址，或删除该 MX

        not all addresses of {} are known: {}; check again
        = {} 的地址未能全部得知：{}；请再次检查

        {} has an address of a private network: senders outside cannot reach it
        = {} 是内网地址，外部发件方无法连接

        all mail for {} goes to the new platform: {}
        = {} 的邮件全部送往新平台：{}

        {} of {} leads to the new platform only in part: correct the address {}, or name it as the platform's
        = {2} 的 {1} 只有部分指向新平台：请改正地址 {3}，或将其列为新平台的地址

        it is not known whether {} of {} is the new platform: {}; check again
        = 无法得知 {2} 的 {1} 是否为新平台：{3}；请再次检查

        {} is moved in part: {} is {}, and mail that a sender leaves there does not arrive here; remove that MX
        = {} 只迁移了一部分：{} {}，送到那里的邮件不会到达此处；请删除该 MX

        mail for {} does not go to the new platform yet: {} is {}; switch to {}
        = {} 的邮件尚未送往新平台：{} {}；请切换到{}

        the old server
        = 是原服务器

        not the new platform
        = 不是新平台

        {}, a host of the new platform, is no MX of {}: add it, or leave it out here
        = 新平台的主机 {} 不是 {} 的 MX：请添加，或在此处不列出

        mail for {} still goes to the old server: {}; switch MX to the new platform
        = {} 的邮件仍送往原服务器：{}；请将 MX 切换到新平台

        mail for {} still goes to the old server: {}; switch MX to the new platform (or, where it is switched already, the
        old server's name leads there too: set its address)
        = {} 的邮件仍送往原服务器：{}；请将 MX 切换到新平台（若已切换，则原服务器的名称也指向了新平台：请改填其地址）

        mail for {} goes to {}; whether that is the new platform is told where its hosts or addresses are given
        (mailmovectl check --mx HOST --address IP)
        = {} 的邮件送往 {}；给出新平台的主机或地址后即可判断是否为新平台（mailmovectl check --mx HOST --address IP）

        MX records that name the new platform's hosts
        = 指向新平台主机的 MX 记录

        no migration of {} is enabled: there is no old server to look at
        = {} 未开启搬家：没有可查看的原服务器

        the migration of {} is {}: its old server is not looked at any more
        = {} 的搬家{}：不再查看原服务器

        expired
        = 已过期

        disabled
        = 已停止

        the old server {} leads back to the new platform: enable the migration of {} again, with the old server's IP
        address
        = 原服务器 {} 指回了新平台：请用原服务器的 IP 地址修改 {} 的搬家设置

        {} is set as the old server of {}, and is the new platform itself: enable the migration again, with the old
        server's own address
        = {2} 的原服务器设为 {1}，而它就是新平台：请改填原服务器自己的地址

        the old server's name {} is inside {}: when its record is switched too, moves end; enable the migration again
        with its IP address
        = 原服务器的名称 {} 在域 {} 之内：其记录一旦切换，搬家即中断；请改填其 IP 地址

        the old server is set by its name {}: its IP address would not depend on DNS
        = 原服务器以名称 {} 设置：改用 IP 地址则不依赖 DNS

        nothing can be moved: {} (mailmovectl verify {} tries it step by step)
        = 无法搬家：{}（mailmovectl verify {} 可逐步检查）

        the old server {} has not answered within {} s; check host, port and firewalls
        = 原服务器 {} 在 {} 秒内没有应答；请检查主机、端口和防火墙

        the old server answers: {}
        = 原服务器有应答：{}

        the SPF record of {} is not known: {}; check again
        = {} 的 SPF 记录无法得知：{}；请再次检查

        {} has no SPF record: a TXT record such as "v=spf1 mx -all" tells receivers who sends its mail
        = {} 没有 SPF 记录：形如 "v=spf1 mx -all" 的 TXT 记录可告知收件方由谁发送其邮件

        {} has {} SPF records, and receivers obey none (RFC 7208 §4.5): put them into one: {}
        = {} 有 {} 条 SPF 记录，收件方一条也不采用（RFC 7208 §4.5）：请合并为一条：{}

        the SPF record of {} is broken, and receivers obey none of it: {}; correct it: {}
        = {} 的 SPF 记录有误，收件方不会采用：{}；请改正：{}

        the SPF record of {} cannot be followed, and receivers obey none of it: {}; correct it
        = {} 的 SPF 记录无法解析，收件方不会采用：{}；请改正

        it is not known whether SPF of {} allows {}: {}; check again
        = 无法得知 {} 的 SPF 是否允许 {}：{}；请再次检查

        whether SPF of {} allows {} depends on {}, which cannot be told here
        = {} 的 SPF 是否允许 {} 取决于 {}，此处无法判断

        SPF of {} does not allow the new platform's {} ({}): if mail is sent from there, add {}
        = {1} 的 SPF 不允许新平台的 {2}（{3}）：若从那里发信，请添加 {4}

        SPF of {} allows the new platform: {}
        = {} 的 SPF 允许新平台：{}

        {}, and {} more
        = {}，另有 {} 个

        {} domains are being checked already; try again in a moment
        = 已有 {} 个域正在检查；请稍后重试
        """#

    /// What name servers say, and what is wrong with SPF records.
    static let names = #"""
        no file descriptor is left
        = 文件描述符已用完

        no channel was made
        = 未能建立通道

        {} (dns.server) has no address
        = {}（dns.server）没有地址

        the name server does not answer
        = 域名服务器没有应答

        no name server has an answer: nobody listens there, or all of them fail or refuse
        = 没有域名服务器能答复：无人监听，或全部失败或拒绝

        the name server fails (SERVFAIL)
        = 域名服务器出错（SERVFAIL）

        the name server refuses the question (REFUSED)
        = 域名服务器拒绝查询（REFUSED）

        the name server's answer makes no sense
        = 域名服务器的应答无意义

        this is no name that a name server can be asked for
        = 这不是可以向域名服务器查询的名称

        it takes more questions than are asked
        = 需要的查询超过上限

        the question was cancelled
        = 查询已取消

        the name server cannot be asked: {}
        = 无法查询域名服务器：{}

        {} has {} SPF records
        = {} 有 {} 条 SPF 记录

        the SPF record of {} is broken: {}
        = {} 的 SPF 记录有误：{}

        {}, to which {} redirects, has no SPF record
        = {2} 重定向到的 {1} 没有 SPF 记录

        {}, which {} includes, has no SPF record
        = {2} 包含的 {1} 没有 SPF 记录

        mx:{} leads to more than 10 hosts
        = mx:{} 指向 10 个以上的主机

        more than {} of the names it looks up do not exist, such as {}
        = 它查询的名称中有 {} 个以上不存在，例如 {}

        it takes more than {} lookups; {} is one too many
        = 它需要 {} 次以上的查询；{} 已超出

        it holds characters that are not printable ASCII
        = 含有不可打印或非 ASCII 的字符

        the term {} is not known
        = 未知的项 {}

        redirect= is there twice
        = redirect= 出现两次

        exp= is there twice
        = exp= 出现两次

        {}: all takes nothing behind it
        = {}：all 之后不能有内容

        {}: something is missing behind it
        = {}：其后缺少内容

        {}: what stands behind the slash is no prefix length
        = {}：斜线之后不是前缀长度

        {}: this is no IPv{} address
        = {}：不是 IPv{} 地址

        {}: the prefix length is no number from 0 to {}
        = {}：前缀长度须为 0 至 {} 的数

        {}: this is no domain name
        = {}：不是域名
        """#
}
