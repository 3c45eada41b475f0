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
        """#
}
