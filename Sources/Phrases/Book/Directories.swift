// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// A platform's own accounts: what is found when they are tried, and why they cannot be read.
    static let directories = #"""
        accounts are kept here (accounts.kind is builtin)
        = 账号保存在本系统（accounts.kind 为 builtin）

        the platform's accounts answer
        = 平台的账号可以读取

        it finds nobody where there is nobody; name an account to see more
        = 对不存在的地址未找到账号；指定账号可查看更多

        the platform has no {}
        = 平台没有 {}

        not tried without an account
        = 未指定账号，未尝试

        the caches have forgotten {}
        = 缓存已清除 {}

        accounts.flush is not set: nothing is told when a password was replaced
        = 未设置 accounts.flush：替换密码后不通知任何缓存

        it has none: its password is checked elsewhere
        = 没有哈希：其密码在别处校验

        the platform gives none, and compares passwords itself
        = 平台不提供哈希，由其自身比较密码

        it has none, so its logins are passed on as they are
        = 没有哈希，其登录原样放行给平台

        it is of a form that cannot be verified here, so that the account's logins are passed on as they are
        = 哈希格式无法在此校验，该账号的登录原样放行给平台

        it is of a form that can be verified here
        = 哈希格式可以在此校验

        not tried: nothing is replaced of this account
        = 未尝试：该账号不会被替换密码

        it replaces the hash that it should, and no other; all was taken back
        = 只替换应替换的哈希；已全部回滚

        it replaces no other hash; more was not tried, since it could not be taken back there
        = 不会替换其他哈希；其余未尝试，因为无法回滚

        not tried: nothing could be taken back there
        = 未尝试：无法回滚

        not tried: no migration is enabled
        = 未尝试：没有已开启的域

        it lists nobody of {}; accounts are taken in by their logins
        = 未列出 {} 的账号；账号将在登录时纳入

        it lists accounts: {}
        = 列出账号：{}

        {} is there, and its password is checked elsewhere
        = {} 存在，其密码在别处校验

        {} is there
        = {} 存在

        {} is there, and is not active
        = {} 存在，但未启用

        the platform's list of accounts cannot be read, and is tried again each minute: {}
        = 无法读取平台的账号列表，每分钟重试一次：{}

        needs a way to create accounts on the platform, such as accounts.sql.create
        = 需要能在平台上创建账号，例如设置 accounts.sql.create

        {}: accounts and passwords are the platform's own (accounts.kind)
        = {}：账号和密码属于平台自身（accounts.kind）

        passwords are not changed here
        = 密码不在此更改

        there is nothing to export
        = 没有可导出的内容

        the platform has no such account
        = 平台没有该账号

        passwords are the platform's own (accounts.kind): give the address alone
        = 密码属于平台自身（accounts.kind）：只需给出地址

        {} did not answer within {} s
        = {} 在 {} 秒内没有应答

        {} cannot be loaded; install it: apt-get install {}
        = 无法加载 {}；请安装：apt-get install {}

        the library has no {}
        = 该库中没有 {}

        libpq is out of memory
        = libpq 内存不足

        PostgreSQL, {}
        = PostgreSQL，{}

        {}: it speaks no TLS, which ssl-mode wants
        = {}：服务器不支持 ssl-mode 要求的 TLS

        {}: libmariadb is out of memory
        = {}：libmariadb 内存不足

        {}: the statement has {} parameters, not {}
        = {}：语句有 {} 个参数，而不是 {} 个

        MySQL at {}
        = 位于 {} 的 MySQL

        LDAP at {}
        = 位于 {} 的 LDAP

        accounts.sql.create is not set: no account can be created
        = 未设置 accounts.sql.create：无法创建账号

        accounts.sql.lookup gives no column address, by which accounts are told apart
        = accounts.sql.lookup 没有给出用于区分账号的 address 列

        accounts.sql.lookup gives a changedAt that is no time; give seconds since 1970
        = accounts.sql.lookup 给出的 changedAt 不是时间；请给出自 1970 年起的秒数

        accounts.sql.replace does not compare :expected: it would overwrite newer passwords
        = accounts.sql.replace 没有比较 :expected：会覆盖更新的密码

        accounts.sql.replace changes {} rows where :expected is right, instead of one
        = :expected 正确时 accounts.sql.replace 更改了 {} 行，而不是一行

        a hash of {} octets does not come back as it was written: is the column too short?
        = {} 字节的哈希写入后读回不一致：该列是否太短？

        no hash can be made at the moment: {}
        = 目前无法生成哈希：{}

        the database has no hash of {}, and compares no passwords itself
        = 数据库没有 {} 的哈希，自身也不比较密码

        {} has no {} that {} may read
        = {1} 没有 {3} 可以读取的 {2}

        accounts.ldap.url is no URL that libldap knows
        = accounts.ldap.url 不是 libldap 认识的 URL

        accounts.ldap.bindDN is missing: only ldapi:// knows who asks without it
        = 缺少 accounts.ldap.bindDN：只有 ldapi:// 无需它也知道是谁在询问

        the password of accounts.ldap.bindDN is missing: give the credential accounts-password or accounts.passwordFile
        = 缺少 accounts.ldap.bindDN 的密码：请提供凭据 accounts-password 或 accounts.passwordFile

        StartTLS fails
        = StartTLS 失败

        SASL EXTERNAL is refused (accounts.ldap.bindDN is not set)
        = SASL EXTERNAL 被拒绝（未设置 accounts.ldap.bindDN）

        {} may not bind (accounts.ldap.bindDN, the credential accounts-password)
        = {} 不能绑定（accounts.ldap.bindDN，凭据 accounts-password）

        a search fails
        = 搜索失败

        {} cannot be changed
        = 无法更改 {}

        accounts are not created in LDAP
        = 不在 LDAP 中创建账号

        accounts.ldap.listFilter must have a part such as (mail=*@%d), whose attribute holds addresses
        = accounts.ldap.listFilter 须含有类似 (mail=*@%d) 的部分，其属性保存地址

        the account is gone
        = 账号已不存在

        a modify with another old value was taken: newer passwords would be overwritten
        = 旧值不符的修改被接受：会覆盖更新的密码

        accounts.ldap.filter finds {} entries for {}; which is meant?
        = accounts.ldap.filter 为 {2} 找到 {1} 个条目；是哪一个？

        {} does not answer with a JSON object
        = {} 没有以 JSON 对象作答

        {} answers with a {} that is missing or makes no sense
        = {} 的应答缺少 {} 或其值无意义

        no pipe can be made
        = 无法建立管道

        {} cannot be started
        = 无法启动 {}

        {} did not end in time, and was killed
        = {} 未及时结束，已被终止

        {} did not answer in time, and was killed
        = {} 未及时应答，已被终止

        {} was ended by signal {}
        = {} 被信号 {} 结束

        {} ended with status {}
        = {} 以状态 {} 结束

        {} says more than {} octets
        = {} 的输出超过 {} 字节

        what {} says cannot be read
        = 无法读取 {} 的输出

        accounts.flush took more than 5 s
        = accounts.flush 超过 5 秒

        doveadm at {} refuses to flush its cache: {}
        = 位于 {} 的 doveadm 拒绝清除缓存：{}

        doveadm at {} answers with HTTP status {}
        = 位于 {} 的 doveadm 以 HTTP 状态 {} 作答

        doveadm at {} does not take the key; see doveadm_api_key, and the credential doveadm-api-key
        = 位于 {} 的 doveadm 不接受该密钥；请检查 doveadm_api_key 和凭据 doveadm-api-key

        what answers at {} is no doveadm
        = 在 {} 应答的不是 doveadm

        doveadm's host {} has no address
        = doveadm 的主机 {} 没有地址

        doveadm at {} cannot be reached
        = 无法连接位于 {} 的 doveadm

        who is trusted cannot be read ({})
        = 无法读取受信任的证书（{}）

        doveadm at {} shows a certificate that is not trusted, or of another host
        = 位于 {} 的 doveadm 出示的证书不受信任，或属于其他主机

        doveadm at {} fails the TLS handshake
        = 与位于 {} 的 doveadm 的 TLS 握手失败

        doveadm at {} answers without end
        = 位于 {} 的 doveadm 应答没有结束

        doveadm at {} did not answer in time
        = 位于 {} 的 doveadm 未及时应答
        """#
}
