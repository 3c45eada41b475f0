// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What happens in runs, and what their events tell.
    static let moves = #"""
        the run is resumed after: {}
        = 运行在此之后继续：{}

        nobody wants it any more
        = 已无人需要它

        no additional connection: {}
        = 没有增加连接：{}

        another connection brings {} % of what there was without it
        = 再加一个连接后的速度是没有它时的 {} %

        as many mailboxes of over {} messages as may are moving
        = 超过 {} 封邮件的邮箱同时搬家的数目已达上限

        {} messages to fetch, {} octets
        = 需取回 {} 封邮件，{} 字节

        1 message to fetch, {} octets
        = 需取回 1 封邮件，{} 字节

        1 message is here
        = 此处有 1 封邮件

        the old server would not give 1 message; it is named in the events
        = 原服务器拒绝提供 1 封邮件；见事件记录

        {} messages are here
        = 此处有 {} 封邮件

        the old server would not give {} messages; each is named in the events
        = 原服务器拒绝提供 {} 封邮件；各封见事件记录

        {} messages are here; in {} s, as the old server wants it, it is asked for more
        = 此处有 {} 封邮件；按原服务器的要求，{} 秒后再取其余

        the old server no longer takes the password: {}
        = 原服务器不再接受该密码：{}

        the administrator disabled the migration; {} messages remain on the old server
        = 管理员停止了搬家；原服务器上还剩 {} 封邮件

        the account was taken out of the migration; {} messages remain on the old server
        = 该账号已移出搬家；原服务器上还剩 {} 封邮件

        the window has ended; it is not tried again
        = 有效期已结束；不再重试

        the run could not be recorded: {}
        = 无法记录此次运行：{}

        deleteAfterMove deletes nothing: the old server cannot delete single messages (UIDPLUS)
        = deleteAfterMove 未删除任何邮件：原服务器无法逐封删除（UIDPLUS）

        the folder {}: {}
        = 文件夹 {}：{}

        it cannot be asked for, since its name holds NUL, CR or LF, or is longer than 4,096 octets
        = 无法向原服务器索取，因为其名称含有 NUL、CR 或 LF，或超过 4,096 个字节

        the settings name no master user any more
        = 设置中已没有主用户

        does not take the password that IMAP takes: {}
        = 不接受 IMAP 所接受的密码：{}

        takes no login: {}
        = 不接受登录：{}

        the old server's POP3 ({}), from which UIDLs are to be taken, {}; see oldServer.pop3
        = 用于取得 UIDL 的原服务器 POP3（{}）{}；请检查 oldServer.pop3

        the settings name another old server
        = 设置中已是另一台原服务器

        the folder {} was not compared, for the old server does not open it: {}
        = 文件夹 {} 未作比对，因为原服务器不打开它：{}

        the old server has turned its master user {} away {} times in a row; see its password and
        oldServer.master, and ask for the moves again
        = 原服务器已连续 {2} 次拒绝主用户 {1}；请检查其密码和 oldServer.master，然后重新请求搬家

        mail of the inbox moves without X-UIDL: {}
        = 收件箱的邮件搬入时不带 X-UIDL：{}

        there is no such account on the new platform
        = 新平台没有该账号

        it is not part of the migration
        = 不在搬家之列

        needs a master user: name one in oldServer.master
        = 需要主用户：请在 oldServer.master 中指定

        the old server lets {} into no mailbox: {}; see its name and form in oldServer.master, and its password
        = 原服务器不允许 {} 进入任何邮箱：{}；请检查 oldServer.master 中的名称和形式，以及其密码

        master user {}
        = 主用户 {}

        it has changed meanwhile; ask again
        = 其间已有变化；请重试

        migration of {} has ended; extend it or enable it again
        = {} 的搬家已结束；请延长或重新开启

        the old password of {} was sealed under a key that is gone; the move goes on with the next login
        = {} 的原密码所用的封存密钥已不存在；下次登录后继续搬家

        a sealed password is damaged; the next login of its account replaces it
        = 封存的密码已损坏；该账号下次登录时替换

        a sealed password was sealed under another key or for another account; the next login of its account replaces it
        = 封存的密码使用了另一密钥或属于另一账号；该账号下次登录时替换

        {} messages may have been filed under other names since, and are looked for by their contents
        = {} 封邮件可能已以其他名称归档，正按内容查找

        intent {} in the database cannot be read
        = 数据库中的投递意图 {} 无法读取

        {} messages were being delivered when the daemon or its line to the mail store ended, and are not where they would
        have arrived; they are fetched again, also if they were moved or deleted here since
        = 守护进程终止或与邮件存储的连接中断时正在投递的 {} 封邮件不在应到之处；将重新取回，包括此后已在此移走或删除的

        {} messages were sent to the mail store once more after its answer was lost, for they were not where they would
        have arrived; if they had been moved or deleted here since, they are here again
        = 邮件存储的应答丢失后，有 {} 封邮件不在应到之处，已再次发送；若其间已在此移走或删除，则会再次出现

        the new mail store would not take 1 message; it is named in the events
        = 新的邮件存储拒收 1 封邮件；见事件记录

        the new mail store would not take {} messages; each is named in the events
        = 新的邮件存储拒收 {} 封邮件；各封见事件记录

        {} messages were refused, {} of them by the new mail store; each is named in the events
        = {} 封邮件被拒，其中 {} 封被新的邮件存储拒收；各封见事件记录

        the mailbox is older than the records (a restored backup?): {} messages that were moved are not there, and are
        fetched again as far as the old server has them; what was deleted here since is among them
        = 邮箱比记录旧（恢复过备份？）：{} 封已搬入的邮件不在其中，只要原服务器上还有就会重新取回，其中包括此后已在此删除的

        {} messages are in the mailbox more often than they were moved: copied by their user, or brought by others as well
        = 邮箱中有 {} 封邮件多于搬入的份数：用户复制过，或另有途径送入

        the records are older than the mailbox (a restored backup?): {} messages here were not known, and are not fetched
        again; what was moved since and has been deleted here may come again
        = 记录比邮箱旧（恢复了备份？）：此处有 {} 封邮件未在记录中，不再取回；此后搬入又在此删除的邮件可能再次出现

        the records are older than the mailbox: {} messages of ours and {} others are known by their contents from now on
        = 记录比邮箱旧：{} 封由本程序搬入的邮件和另外 {} 封邮件今后按内容识别

        the daemon shuts down
        = 守护进程正在关闭

        {} of {} accounts are complete
        = {2} 个账号中已完成 {1} 个

        {} accounts are under way, and nothing has been moved for {} minutes
        = {} 个账号正在搬家，但已有 {} 分钟没有搬入任何邮件

        the window ends at {}: {}
        = 有效期至 {}：{}

        all {} accounts have moved
        = 全部 {} 个账号已完成搬家

        {#} completed
        = {} 个完成

        {#} not started
        = {} 个未开始

        {#} failed
        = {} 个失败

        {#} still moving
        = {} 个搬家中

        {#} paused
        = {} 个已暂停

        {#} messages only on the old server
        = {} 封邮件仍在原服务器

        {#} message only on the old server
        = {} 封邮件仍在原服务器

        {}; not started: {}
        = {}；未开始：{}

        the daemon ended in the middle of the move; it goes on with the next login
        = 守护进程在搬家中途终止；下次登录后继续

        the daemon has died {} times in a row while this account moved, the last time under no other suspect; it is tried
        again in {} s, alone. Look for the cause in its journal (journalctl -u mailmoved) and keep it for a report;
        excludedAccounts leaves the account out
        = 搬此账号时守护进程已连续终止 {} 次，最后一次没有其他可疑账号；{} 秒后单独重试。请在日志中查找原因
          （journalctl -u mailmoved）并保存以便报告；excludedAccounts 可将该账号排除

        {} is put off: {}
        = {} 已推迟：{}

        from {}:{}, until {}
        = 来自 {}:{}，至 {}

        the mailbox cannot be read: {}
        = 无法读取邮箱：{}

        it is moving: check it when that is done
        = 正在搬家：请完成后再核对

        its figures say {} moved, and {} messages are recorded
        = 统计为已搬 {} 封，而记录中有 {} 封

        what is in the mail store now was taken as it is; what was moved before stays moved, and --repair moves again
        what is missing
        = 邮件存储已按现状采用；此前已搬的仍算已搬，--repair 可将缺失的重新搬入

        what is in the mail store now cannot be taken: {}
        = 无法按现状采用邮件存储：{}

        its mailbox is not there, and {} messages were moved to it: see whether the file system is mounted
        = 其 Maildir 不存在，而已有 {} 封邮件搬入其中：请检查文件系统是否已挂载

        a message cannot be read: {}
        = 有邮件无法读取：{}

        {} messages were moved, are still on the old server, and are not in the mailbox: lost, or deleted here by their
        user; --repair moves them again
        = {} 封邮件已搬且仍在原服务器上，但不在邮箱中：丢失，或被用户在此删除；--repair 可重新搬入

        {} messages are in the mailbox more often than they were moved
        = {} 封邮件在邮箱中的份数多于搬入的份数

        {} messages under names of mailmove's are not what was moved: cut short or changed since, or from before its
        records begin; see whether the file system is sound
        = {} 封由 mailmove 命名的邮件与搬入的不同：被截断或改动，或早于其记录；请检查文件系统是否完好

        {} deliveries were interrupted; the next run ends them
        = {} 次投递被中断；下次运行将其完成

        {} files in tmp are of no use any more; the next run removes them
        = tmp 中有 {} 个文件已无用；下次运行将其删除

        {} messages are on the old server and not moved; a login moves them
        = 原服务器上有 {} 封邮件未搬；登录后搬入

        {} of {} messages are not in the mailbox; which of them are still on the old server can be told with the
        account's old password
        = {2} 封邮件中有 {1} 封不在邮箱中；提供该账号的原密码可得知其中哪些仍在原服务器上

        the old server does not let it in, so its mailbox there was not compared
        = 原服务器不允许其登录，因此未与原邮箱比较

        the old server has no UIDL, so its mailbox cannot be compared
        = 原服务器不支持 UIDL，因此无法与原邮箱比较

        the old mailbox was not compared: {}
        = 未与原邮箱比较：{}

        not repaired: its domain's migration is not active; enable it again
        = 未修复：该域的搬家不在有效期内；请重新开启

        not repaired: that takes the account's old password
        = 未修复：需要该账号的原密码

        not repaired: it has changed meanwhile; check it again
        = 未修复：其间已有变化；请再次核对

        it is paused: they are moved again when it is resumed
        = 已暂停：恢复后重新搬入
        """#
}
