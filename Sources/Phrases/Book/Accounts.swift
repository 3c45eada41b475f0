// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What is wrong with an account that shall be made or changed.
    static let accounts = #"""
        an earlier row has the same address
        = 前面已有相同地址的行

        there is an account {}
        = 已有账号 {}

        give password or passwordHash
        = 请给出 password 或 passwordHash

        give password or passwordHash, not both
        = password 与 passwordHash 只能给出一个

        what is recorded of it cannot be changed: {}
        = 其记录无法更改：{}

        must be given, or passwordHash, but not both
        = 须给出，或给出 passwordHash，但不能两者都给

        must have 1 to 511 octets and no NUL, CR or LF
        = 须为 1 至 511 字节，不含 NUL、CR、LF

        must have 8 characters or more
        = 须为 8 个字符以上

        must not be the part of the address before the @
        = 不得与地址中 @ 之前的部分相同

        an address has the form name@domain
        = 地址的形式为 name@domain

        there is nothing before the @
        = @ 之前没有内容

        the part before the @ is over 64 octets
        = @ 之前的部分超过 64 字节

        the part before the @ begins with a dot
        = @ 之前的部分以点开头

        the part before the @ holds a character that no mailbox name may hold
        = @ 之前的部分含有邮箱名不允许的字符

        the domain is empty or too long
        = 域名为空或太长

        the domain holds a NUL
        = 域名含有 NUL

        the domain may hold only letters, digits and hyphens between its dots
        = 域名的点之间只能是字母、数字和连字符

        the domain is not valid ({})
        = 域名无效（{}）

        the password hash {}
        = 密码散列{}

        is not of the form $id$…; traditional DES hashes are too weak to be taken
        = 不是 $id$… 的形式；传统 DES 散列太弱，不予采用

        is of a kind other than $y$, $6$, $5$, $2y$ and $1$
        = 不是 $y$、$6$、$5$、$2y$、$1$ 之一

        is damaged, or asks for more work than is reasonable
        = 已损坏，或要求的运算量不合理

        the password hash has no } after its scheme
        = 密码散列的方案之后缺少 }

        the password hash is too long
        = 密码散列太长

        the password hash's scheme is none of CRYPT, BLF-CRYPT, SHA512-CRYPT, SHA256-CRYPT and MD5-CRYPT
        = 密码散列的方案不是 CRYPT、BLF-CRYPT、SHA512-CRYPT、SHA256-CRYPT、MD5-CRYPT 之一

        the password hash is not of the scheme {{}} that it names
        = 密码散列与其注明的方案 {} 不符

        a password needs 1 to {} octets, none NUL, CR or LF
        = 密码须为 1 至 {} 字节，不含 NUL、CR、LF

        crypt(3) could not compute a password hash; is there memory left?
        = crypt(3) 无法计算密码散列；内存是否足够？

        crypt(3) has no scheme {} here; choose another passwords.scheme
        = 此处的 crypt(3) 没有方案 {}；请选用其他 passwords.scheme
        """#

    /// What is wrong with a call's parameters.
    static let parameters = #"""
        is larger than 8 MB; split it
        = 大于 8 MB；请拆分

        is not written in UTF-8
        = 不是 UTF-8 编码

        has more than {} aliases (*name); use defaults: instead
        = 别名（*name）超过 {} 个；请改用 defaults:

        defaults must be a mapping
        = defaults 须为映射

        migrations must be a list
        = migrations 须为列表

        {} is not known here; known are defaults, migrations
        = 此处不支持 {}；可用的有 defaults、migrations

        has more than {} migrations; split it
        = 搬家超过 {} 个；请拆分

        is no YAML: {}
        = 不是 YAML：{}

        is no YAML
        = 不是 YAML

        has a key twice
        = 有重复的键

        has no migrations; they are a list under migrations:
        = 没有搬家；应列在 migrations: 之下

        has too many values
        = 值过多

        is nested too deeply
        = 嵌套过深

        has a key that is no word
        = 有的键不是单词

        has an alias of nothing
        = 有的别名没有所指

        line {} {}
        = 第 {} 行{}

        line {}: {}
        = 第 {} 行：{}

        {} is enabled already; change its settings instead (mailmovectl change)
        = {} 已开启搬家；请改用 mailmovectl change 更改设置

        must be a mapping such as domain: example.com, oldServer: {host: 192.0.2.10}
        = 须为映射，如 domain: example.com, oldServer: {host: 192.0.2.10}

        cannot be read: {}
        = 无法读取：{}

        is in the file twice: {}
        = 在文件中出现两次：{}

        is missing: {}
        = 缺失：{}

        is missing: give an account or a domain
        = 缺失：请给出账号或域

        is missing: give a domain or an oldServer
        = 缺失：请给出域或 oldServer

        is missing: give a domain or an address
        = 缺失：请给出域或地址

        is missing: give a domain or accounts
        = 缺失：请给出域或账号

        is not a parameter here{}
        = 不是此处的参数{}

        must be {}
        = 须为{}

        must be {}; {}: {}
        = 须为{}；{}：{}

        must be {}, or null
        = 须为{}，或 null

        must be an object
        = 须为对象

        must be an object: parameters go by name
        = 须为对象：参数按名称给出

        is not a parameter here: there are none
        = 不是此处的参数：此处没有参数

        is not a parameter here; known are {}
        = 不是此处的参数；已知的有 {}

        must be at most {} hosts
        = 最多 {} 个主机

        must be at most {} addresses
        = 最多 {} 个地址

        is missing: whose password is it?
        = 缺失：是谁的密码？

        is missing: verify is "fingerprint"
        = 缺失：verify 为 "fingerprint"

        is missing: give a password or a passwordHash
        = 缺失：请给出 password 或 passwordHash

        is missing: give an oldServer or a domain
        = 缺失：请给出 oldServer 或域

        goes only with verify "fingerprint", not "{}"
        = 只能与 verify "fingerprint" 同用，而不是 "{}"

        needs TLS, and security is "none"
        = 需要 TLS，而 security 为 "none"

        goes only without an account
        = 不能与账号同用

        goes only without a domain
        = 不能与域同用

        goes only without a password
        = 不能与 password 同用

        excludes validDays: each says when the window ends
        = 不能与 validDays 同用：两者都规定有效期的结束

        a string
        = 字符串

        true or false
        = true 或 false

        an integer from {} up
        = 不小于 {} 的整数

        an integer from {} to {}
        = {} 至 {} 的整数

        a number from 0 up
        = 不小于 0 的数

        one of {}
        = 以下之一：{}

        an array
        = 数组

        an object
        = 对象

        a file in Base64
        = Base64 编码的文件

        a full address such as ann@example.com
        = 完整地址，如 ann@example.com

        a domain such as example.com
        = 域名，如 example.com

        an RFC 3339 time such as 2026-11-24T03:10:41Z
        = RFC 3339 时间，如 2026-11-24T03:10:41Z

        it is not of that form
        = 形式不符

        a host name or an IP address without brackets
        = 主机名，或不带方括号的 IP 地址

        a host name such as mx.example.com
        = 主机名，如 mx.example.com

        it is an address, which goes into addresses
        = 它是地址，应填入 addresses

        an IP address without brackets
        = 不带方括号的 IP 地址

        an IP address
        = IP 地址

        it is none
        = 不是

        a SHA-256 of 64 hexadecimal digits, with or without colons
        = 64 位十六进制的 SHA-256，可带冒号

        a name of 1 to 255 octets without control characters
        = 1 至 255 字节的名称，不含控制字符

        it holds a control character
        = 含有控制字符

        a folder's name such as INBOX or Archive
        = 文件夹名，如 INBOX 或 Archive

        a folder's path such as Projects/2024
        = 文件夹路径，如 Projects/2024

        it has no name
        = 没有名称

        it holds a slash or a control character
        = 含有斜线或控制字符

        there is nothing before or after a dot
        = 点的前后没有内容

        it is no IPv6 address
        = 不是 IPv6 地址

        it is no IPv4 address
        = 不是 IPv4 地址

        the domain
        = 域名

        the host name
        = 主机名

        must be {}; it is empty
        = 须为{}；现为空

        must be {}; it is too long
        = 须为{}；现太长

        must be a nextCursor of a page with the same parameters
        = 须为相同参数的一页所给的 nextCursor

        must be an address: {}
        = 须为地址：{}

        must be an encoding such as UTF-8, UTF-16, GB18030, BIG5 or WINDOWS-1252
        = 须为编码名，如 UTF-8、UTF-16、GB18030、BIG5、WINDOWS-1252

        is not written in {}
        = 不是以 {} 编写的

        is neither UTF-8 nor UTF-16 nor GB18030; say in encoding what it is
        = 既非 UTF-8、UTF-16，也非 GB18030；请以 encoding 指明

        has no rows
        = 没有行

        has no column of addresses; call it Email in its first row, and separate fields by , ; | or tab
        = 没有地址列；请在首行将其命名为 Email，并以 , ; | 或制表符分隔

        has two columns of one name that mean {}; rename the one that does not count
        = 有两个同名列都表示{}；请将无关的一列改名

        has a NUL in its header
        = 表头含有 NUL

        has over {} rows; import it in parts
        = 超过 {} 行；请分批导入

        has an active migration; disable it first
        = 的搬家正在进行；请先停止

        has moves that are still ending; try again in a moment
        = 还有搬家正在收尾；请稍后重试

        has {} moves that are paused; resume them, or disable the migration
        = 有 {} 个已暂停的搬家；请恢复它们，或停止搬家

        must be a folder that can be made: {}
        = 须为可以创建的文件夹：{}

        must be an address of {}, not {}
        = 须为 {} 的地址，而不是 {}

        must leave the end of the window, {}, within {} days
        = 有效期的结束时间 {} 须在 {} 天之内

        not an RFC 3339 time
        = 不是 RFC 3339 时间
        """#
}
