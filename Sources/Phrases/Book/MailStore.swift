// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What goes wrong where mail is stored.
    static let mailStore = #"""
        free space or inodes on this file system
        = 请在该文件系统上腾出空间或 inode

        raise the file system quota of the daemon's user or group
        = 请调高守护进程用户或组的文件系统配额

        mount the file system writable (was it remounted after an error?)
        = 请以可写方式挂载文件系统（是否因出错被重新挂载？）

        give the user that mailmoved runs as (uid {}) write access here and search access above
        = 请给 mailmoved 的运行用户（uid {}）此处的写权限和上级目录的搜索权限

        make it, or see whether its file system is mounted
        = 请创建它，或检查其文件系统是否已挂载

        a file or a symbolic link stands where a directory should be; move it out of the way
        = 应为目录之处是文件或符号链接；请将其移走

        allow the daemon more open files (LimitNOFILE=)
        = 请允许守护进程打开更多文件（LimitNOFILE=）

        choose a shorter mailStore.maildir.path or folder name
        = 请选用更短的 mailStore.maildir.path 或文件夹名

        the device fails; see the kernel's log
        = 设备出错；请查看内核日志

        see the system's log
        = 请查看系统日志

        {}: the file system has not answered for {} s; see whether its disk or server works (the kernel's log), and
        whether it is frozen (fsfreeze, a snapshot)
        = {}：文件系统已 {} 秒没有应答；请检查其磁盘或服务器是否正常（内核日志），以及是否被冻结（fsfreeze、快照）

        No space left on device
        = 设备上没有剩余空间

        Disk quota exceeded
        = 超出磁盘配额

        Read-only file system
        = 文件系统为只读

        Permission denied
        = 没有权限

        Operation not permitted
        = 不允许该操作

        No such file or directory
        = 没有该文件或目录

        Not a directory
        = 不是目录

        Too many levels of symbolic links
        = 符号链接层数过多

        Too many open files
        = 打开的文件过多

        File name too long
        = 文件名过长

        Input/output error
        = 输入输出错误

        Connection refused
        = 连接被拒绝

        connection refused
        = 连接被拒绝

        No route to host
        = 没有到主机的路由

        no route to host
        = 没有到主机的路由

        Network is unreachable
        = 网络不可达

        network is unreachable
        = 网络不可达

        Connection reset by peer
        = 连接被对方重置

        connection reset by peer
        = 连接被对方重置

        Connection timed out
        = 连接超时

        connection timed out
        = 连接超时

        the folder "{}" {}; name one like "Archive" or "Archive.2019", or INBOX
        = 文件夹“{}”{}；请用类似 "Archive"、"Archive.2019" 的名称，或 INBOX

        has no name
        = 没有名称

        must not hold a slash
        = 不能含有斜线

        must not begin or end with a dot or hold two in a row
        = 不能以点开头或结尾，也不能有连续两个点

        must not hold control characters
        = 不能含有控制字符

        is too long
        = 太长

        {}: another directory stands here than when mail was staged in it; see whether its file system is mounted, or
        whether it was replaced
        = {}：此处的目录与暂存邮件时不是同一个；请检查其文件系统是否已挂载，或目录是否被替换

        {}/tmp: {} messages were taken away before they were delivered; they are fetched again. See that nothing cleans up
        files there that are younger than a day
        = {}/tmp：{} 封邮件在投递前被移走，将重新取回。请确保没有程序清理其中不足一天的文件

        what was staged is no batch of Maildirs: see whether mailStore.kind was changed
        = 暂存的内容不属于 Maildir：请检查 mailStore.kind 是否被更改

        {} does not exist, and is not made, because its file system may just not be mounted; mount it, or make it:
        install -d -m 0750 -o {} {}
        = {} 不存在，且不会自动创建，因为可能只是文件系统未挂载；请挂载，或创建它：install -d -m 0750 -o {} {}

        its marker {}/{} is missing, or another's
        = 其标记 {}/{} 缺失，或属于别处

        {} is not the place that mail was moved to: {}. See whether its file system is mounted, and whether it is the
        right one. Where mail shall go to what is there now, say so: mailmovectl doctor ACCOUNT --accept-empty
        = {} 不是邮件搬入之处：{}。请检查其文件系统是否已挂载、是否正确。若要采用现状，请执行：mailmovectl doctor ACCOUNT
          --accept-empty

        its marker is missing
        = 其标记缺失

        it bears another marker
        = 其标记不同

        what is in the mail store now is taken as it is, by the administrator's word
        = 按管理员的指示，采用邮件存储的现状

        the mail store is not marked yet: {}
        = 邮件存储尚未标记：{}

        what all mail is below
        = 全部邮件所在之处

        what the mail of {} is below
        = {} 的邮件所在之处

        the mailbox of {}
        = {} 的邮箱
        """#

    /// What goes wrong with the database.
    static let database = #"""
        The database {} {}.
        = 数据库 {} {}。

        is locked by another program; end that one (`fuser {}` names it)
        = 被另一程序锁定；请结束该程序（`fuser {}` 可查出）

        cannot be written: the file, its folder or its file system is read-only ({})
        = 无法写入：文件、所在目录或文件系统为只读（{}）

        cannot be opened by this user ({}); look at its owner and mode, and its folder's
        = 当前用户无法打开（{}）；请检查文件及其目录的属主和权限

        cannot be read or written ({}); look at the disk and the kernel's log
        = 无法读写（{}）；请检查磁盘和内核日志

        cannot grow: its file system is full. Make room there; nothing else is needed
        = 无法增长：文件系统已满。腾出空间即可

        has rolled back a change; look at the disk and the kernel's log
        = 回滚了一次更改；请检查磁盘和内核日志

        has been removed or replaced while it was in use. Stop the daemon, put the file back, and start it again
        = 在使用中被删除或替换。请停止守护进程，恢复该文件，再启动

        The database {} is damaged ({}). Stop the daemon, keep a copy of the file and of those beside it that begin with
        its name, and restore a backup or what `sqlite3 {} .recover` can save.
        = 数据库 {} 已损坏（{}）。请停止守护进程，保留该文件及同名开头文件的副本，然后恢复备份或 `sqlite3 {} .recover` 能挽救的内容。

        The database {} is closed: the program shuts down.
        = 数据库 {} 已关闭：程序正在关闭。

        the platform's IMAP server {}
        = 新平台的 IMAP 服务器 {}

        the platform's IMAP server {} {}
        = 新平台的 IMAP 服务器 {} {}

        {}. See mailStore.imap.certificate and mailStore.imap.security
        = {}。请检查 mailStore.imap.certificate 和 mailStore.imap.security

        {}. See mailStore.imap.security if that lasts
        = {}。如果一直如此，请检查 mailStore.imap.security

        {} takes no password of the master user like this: set mailStore.imap.security to starttls or tls{}
        = {} 不接受以此方式提交的主用户密码：请将 mailStore.imap.security 设为 starttls 或 tls{}

        ; with authzid it has to offer AUTH=PLAIN
        = ；使用 authzid 时服务器须支持 AUTH=PLAIN

        {} does not let the master user {} into the mailbox of {} (as {}): {}. See whether that mailbox is there, and the
        credential imap-master, mailStore.imap.masterUser and mailStore.imap.userFormat
        = {} 不允许主用户 {} 进入 {} 的邮箱（用户名 {}）：{}。请检查该邮箱是否存在，以及凭据 imap-master、mailStore.imap.masterUser 和 mailStore.imap.userFormat

        {} lets nobody in at present; it said: {}
        = {} 目前不允许任何人登录；其应答：{}

        {} does not answer
        = {} 没有应答

        {} has given the messages of the folder {} of {} new UIDs while mail was sent there; what has arrived is found out
        by the next run
        = {1} 在投递期间为 {3} 的文件夹 {2} 重新分配了 UID；下次运行会查明哪些邮件已到

        has no room for more mail of {}: {}
        = 没有空间接收 {} 的更多邮件：{}

        takes no mail for the folder {} of {}: {}
        = 不接收 {2} 的文件夹 {1} 的邮件：{3}

        takes no more mail at present: {}
        = 目前不再接收邮件：{}

        has no folder {} of {}, and makes none: {}
        = 没有 {2} 的文件夹 {1}，也不创建：{3}

        has no folder {} of {}, and has made none
        = 没有 {2} 的文件夹 {1}，也未创建

        is out of order: {}
        = 出现故障：{}

        closes the connection whatever it is sent
        = 无论发送什么都关闭连接

        does not open the folder {}
        = 不打开文件夹 {}

        does not make the folder {}
        = 不创建文件夹 {}

        does not list its messages
        = 不列出邮件

        does not give its messages
        = 不提供邮件

        the platform does not take it: {}
        = 新平台不接收：{}

        the platform closes the connection when it is sent
        = 发送这封邮件时新平台会关闭连接

        whether the platform lets the master user in is not known yet
        = 尚不知道新平台是否允许主用户登录

        it has {} octets, and the platform takes {} (APPENDLIMIT)
        = 有 {} 字节，而新平台最多接收 {} 字节（APPENDLIMIT）

        the daemon stops, and opens no more connections to the platform
        = 守护进程即将停止，不再打开到新平台的连接

        deliveries to {} were interrupted, and are ended before others begin
        = 对 {} 的投递曾中断，须先了结才能继续

        {} messages that waited here to be sent to the platform are gone; they are fetched again
        = 在此等待发往新平台的 {} 封邮件已不在；将重新取回

        what was staged is no batch for the platform's IMAP server: see whether mailStore.kind was changed
        = 暂存的内容不是发往新平台 IMAP 服务器的批次：请检查是否改过 mailStore.kind

        the folder "{}" has a name that IMAP cannot hold; name one like "Archive" or "Archive.2019", or INBOX
        = 文件夹“{}”的名称不适用于 IMAP；请使用类似 "Archive" 或 "Archive.2019" 的名称，或 INBOX

        shows the master user no INBOX of {}; with Dovecot's ACL plugin a master user sees nothing unless the userdb
        sets master_user or acl_user
        = 不向主用户显示 {} 的 INBOX；启用 Dovecot 的 ACL 插件时，除非 userdb 设置了 master_user 或 acl_user，否则主用户什么也看不到

        {}, where messages wait on their way to the platform: {}
        = {}（邮件发往新平台前在此等待）：{}

        a message that was staged here is cut short; see whether the disk is sound
        = 暂存的邮件不完整；请检查磁盘是否正常

        was left: there is no message to be sent
        = 已离开：没有要发送的邮件

        was left: a message that was staged here cannot be read
        = 已离开：暂存的邮件无法读取

        no mailbox is known that is there, so the master user {} has not been tried
        = 尚不知道任何确实存在的邮箱，因此未试用主用户 {}

        the master user {} enters the mailbox of {}
        = 主用户 {} 可进入 {} 的邮箱

        {} does not offer {}: mail moves more slowly
        = {} 不支持 {}：搬家较慢

        {} gives a message back that is not what it was sent: what has arrived cannot be told there when an answer is lost,
        and may arrive twice then
        = {} 返回的邮件与发送的不同：应答丢失时无法判断哪些已到，可能重复送达

        is sent no more by this node: another may deliver to {}
        = 不再由本节点发送：可能已由另一节点向 {} 投递

        may have had mail of {} already, and gets it when that can be recorded
        = 可能已收到 {} 的这些邮件；待能够记录此事后再发送

        the platform takes no mail for the folder {}: {}
        = 平台不接收文件夹 {} 的邮件：{}

        the platform has no folder {}, and makes none: {}
        = 平台没有文件夹 {}，也不创建：{}

        wants UTF-8 (UTF8=ONLY), and does not switch it on
        = 要求 UTF-8（UTF8=ONLY），却不启用

        lets the master user make no folders in the mailbox of {}: {}. Give it the rights of the mailbox's owner (with
        Dovecot's ACL plugin: master_user or acl_user in the userdb)
        = 不允许主用户在 {} 的邮箱中创建文件夹：{}。请授予其邮箱所有者的权限（使用 Dovecot 的 ACL 插件时：在 userdb 中设置
        master_user 或 acl_user）

        the folder {} in the mailbox of {} could not be taken away again: {}
        = 文件夹 {}（在 {} 的邮箱中）未能再移除：{}

        {} announces MULTIAPPEND and does not take two messages at once: {}. Mail moves more slowly
        = {} 声明支持 MULTIAPPEND，却不能一次接收两封邮件：{}。搬家会较慢

        has said OK to {} messages, and {} are in the folder: see what files or drops mail there (imapsieve)
        = 对 {} 封邮件应答 OK，而文件夹中有 {} 封：请检查那里有什么在归档或丢弃邮件（imapsieve）

        gives a message of {} back with the date {}: mailboxes would not be sorted as before
        = 将日期为 {} 的邮件以日期 {} 返回：邮箱的排序将与以前不同

        does not keep the flags of a message: {}
        = 不保留邮件的标志：{}

        {} gives messages back as they were sent, with date and flags
        = {} 原样返回所发送的邮件，包括日期和标志

        has no room for mail of {}: {}. Give the mailbox a larger quota
        = 没有空间存放 {} 的邮件：{}。请调高该邮箱的配额

        lets the master user put no mail into the mailbox of {}: {}. Give it the rights of the mailbox's owner (with
        Dovecot's ACL plugin: master_user or acl_user in the userdb)
        = 不允许主用户向 {} 的邮箱投递邮件：{}。请授予其邮箱所有者的权限（使用 Dovecot 的 ACL 插件时：在 userdb 中设置
        master_user 或 acl_user）

        does not take a plain message: {}
        = 不接收一封普通邮件：{}

        gives a message back that is not what it was sent: {} octets instead of {}, different from line {} on. Mail would
        not arrive byte for byte, nor be recognised where an answer was lost: take away what rewrites it (mail_filter,
        imapsieve, a virus scanner)
        = 返回的邮件与发送的不同：{} 字节，应为 {}，自第 {} 行起不同。邮件将无法逐字节送达，应答丢失时也无法识别：请移除改写邮件的
        组件（mail_filter、imapsieve、病毒扫描器）

        with Dovecot's ACL plugin a master user has no rights unless the userdb sets master_user or acl_user
        = 使用 Dovecot 的 ACL 插件时，除非 userdb 设置了 master_user 或 acl_user，主用户没有任何权限

        shows the master user no INBOX of {}
        = 不向主用户显示 {} 的 INBOX

        lets the master user put no mail into the INBOX of {} (its rights: {})
        = 不允许主用户向 {} 的 INBOX 投递邮件（其权限：{}）

        {} of {} {} are in use
        = 已用 {}，共 {} {}

        {} has no room for mail of {}: {}. Give the mailbox a larger quota; until then its mail waits
        = {} 没有空间存放 {} 的邮件：{}。请调高该邮箱的配额；在此之前其邮件等待

        {} has a quota for the mailbox of {}: {}. A mailbox of the old server that is larger than its quota here waits when
        that is full
        = {} 对 {} 的邮箱设有配额：{}。旧服务器上大于此处配额的邮箱，在配额用尽后等待

        {}. {} messages wait: name another folder for it in options.folders.map
        = {}。{} 封邮件等待：请在 options.folders.map 中为其指定另一个文件夹

        a delivery was begun into another kind of mail store, or cannot be read; what is in the mailbox tells
        = 某次投递开始时使用的是另一种邮件存储，或其记录无法读取；以邮箱中的内容为准
        """#
}
