// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What follows from a login, and why it does not.
    static let logins = #"""
        the old server could not be asked: {}
        = 无法询问原服务器：{}

        too many wrong passwords for {} or from its address; the next may be tried in {} s
        = {} 或其来源地址的密码错误次数过多；{} 秒后可再试

        the old server did not answer within {} s
        = 原服务器在 {} 秒内没有应答

        the old server did not answer within {} s; {}
        = 原服务器在 {} 秒内没有应答；{}

        if it takes the password after all, the move starts by itself
        = 若它随后接受该密码，搬家会自动开始

        nothing has changed
        = 没有任何更改

        the daemon is stopping; try again in a moment
        = 守护进程正在停止；请稍后重试

        the daemon shuts down; try again in a moment
        = 守护进程正在关闭；请稍后重试

        the daemon shuts down; connect again in a moment
        = 守护进程正在关闭；请稍后重新连接

        more clients or requests than limits.connections and the rest allow
        = 客户端或请求数超过 limits.connections 等上限

        the platform's accounts cannot be read: {}
        = 无法读取平台的账号：{}

        the platform's accounts did not answer in time
        = 平台的账号未能及时应答

        the settings of {} change too fast; try again
        = {} 的设置变化太快；请重试

        other questions about {} are before this one; try again
        = 关于 {} 的其他询问在先；请重试

        there is no account {} on the new platform
        = 新平台没有账号 {}

        there is no account {}
        = 没有账号 {}

        migration of {} was never enabled
        = {} 从未开启搬家

        migration of {} is disabled
        = {} 的搬家已停止

        migration of {} is disabled; enable it again
        = {} 的搬家已停止；请重新开启

        migration of {} ended at {}; enable it again
        = {} 的搬家已于 {} 到期；请重新开启

        migration of {} ended at {}; extend it or enable it again
        = {} 的搬家已于 {} 到期；请延长或重新开启

        no migration is enabled for {}, and it has no accounts here
        = {} 未开启搬家，在此也没有账号

        {} is not among the accounts that move
        = {} 不在搬家的账号之列

        the platform's accounts have no {}, have locked it, or check its password elsewhere
        = 平台没有账号 {}、已将其锁定，或在别处校验其密码

        a password has 1 to 511 octets and no NUL, CR or LF; the old server was not asked
        = 密码须为 1 至 511 字节，不含 NUL、CR、LF；未询问原服务器

        the old server knew no such user a moment ago
        = 原服务器刚刚答复没有该用户

        the old server rejected this password a moment ago
        = 原服务器刚刚拒绝了该密码

        the old server rejected {}
        = 原服务器拒绝了 {}

        the old server did not judge this password a moment ago; try again later
        = 原服务器刚刚未能判断该密码；请稍后重试

        the old server did not judge {}; try again later
        = 原服务器未能判断 {}；请稍后重试

        the old server does not take the password of {}: {}
        = 原服务器不接受 {} 的密码：{}

        the old server no longer knows {}: {}
        = 原服务器不再有 {}：{}

        the old server knows no {}: {}
        = 原服务器没有 {}：{}

        this password a moment ago
        = 刚才的这个密码

        no thread could be started for password hashes (TasksMax? memory?)
        = 无法为密码散列启动线程（TasksMax？内存？）

        {} password checks are waiting already; try again
        = 已有 {} 个密码校验在等待；请重试

        {} may be called on the admin socket only
        = {} 只能在管理套接字上调用

        {} is not built yet
        = {} 尚未实现
        """#
}
