// SPDX-License-Identifier: Apache-2.0

extension Pages {
    /// What servers do in a session, by POP3 and IMAP.
    static let sessions = #"""
        does not know CAPA
        = 不支持 CAPA

        if the old server never offers STLS, use its TLS port (usually 995) with --security tls
        = 若原服务器从不提供 STLS，请使用其 TLS 端口（通常为 995）和 --security tls

        if the old server never offers STARTTLS, use its TLS port (usually 993) with --security tls
        = 若原服务器从不提供 STARTTLS，请使用其 TLS 端口（通常为 993）和 --security tls

        does not offer STLS, which the settings require; somebody may have taken it out. Nothing was sent
        = 没有提供设置所要求的 STLS，可能被人移除；没有发送任何内容

        does not offer STARTTLS, which the settings require; somebody may have taken it out. Nothing was sent
        = 没有提供设置所要求的 STARTTLS，可能被人移除；没有发送任何内容

        refuses STLS, which the settings require. Nothing was sent
        = 拒绝了设置所要求的 STLS；没有发送任何内容

        refuses STARTTLS, which the settings require. Nothing was sent
        = 拒绝了设置所要求的 STARTTLS；没有发送任何内容

        does not say what it can do (CAPABILITY)
        = 没有说明其功能（CAPABILITY）

        the old server {} was not asked: the user name is empty, or it or the password holds NUL, CR or LF
        = 未询问原服务器 {}：用户名为空，或用户名、密码含有 NUL、CR 或 LF

        the old server offers no way to log in without showing the password
        = 原服务器不支持不暴露密码的登录方式

        the old server takes no password like this (LOGINDISABLED)
        = 原服务器不接受此种密码登录（LOGINDISABLED）

        accepts a login before it was shown or has shown a proof
        = 在验证之前就接受了登录

        accepts a login before it has been shown anything
        = 在收到任何凭证之前就接受了登录

        sends a challenge of another mechanism
        = 发送了另一种机制的质询

        sends a challenge of another mechanism, or none that makes sense
        = 发送了另一种机制的或无意义的质询

        sends a challenge that makes no sense ({})
        = 发送了无意义的质询（{}）

        sends a challenge that is not in Base64
        = 发送的质询不是 Base64

        goes on after the end of {}
        = 在 {} 结束后仍继续

        goes on with a login that was cancelled
        = 继续已取消的登录

        never comes to an end of {}
        = 的 {} 始终不结束

        the password or the user name cannot be prepared for it
        = 密码或用户名无法用于该机制

        does not prove that it knows the password; it may not be the old server
        = 未能证明其知道密码；它可能不是原服务器

        asks for {} iterations of SCRAM; more than {} are not done
        = 要求 SCRAM 迭代 {} 次；超过 {} 次的不执行

        lists a message without a number in its answer to {}
        = 对 {} 的应答中有邮件没有编号

        has {} messages by STAT, and names {} in its lists
        = STAT 给出 {} 封邮件，列表中却有 {} 封

        lists message {} twice in its answer to {}
        = 对 {2} 的应答中邮件 {1} 出现两次

        answers STAT with a number of messages that makes no sense
        = 对 STAT 应答的邮件数无意义

        message {}, UIDL {}
        = 邮件 {}，UIDL {}

        message {}, {}, UID {}
        = 邮件 {}，{}，UID {}

        message {}, UIDL {}: {}
        = 邮件 {}，UIDL {}：{}

        message {}, {}, UID {}: {}
        = 邮件 {}，{}，UID {}：{}

        mixes up commands that are sent ahead
        = 会混淆连续发送的命令

        {} when commands are sent ahead
        = 在连续发送命令时{}

        sends a line of over {} octets
        = 发送了超过 {} 字节的行

        sends a list without end: over {} lines
        = 发送了无止境的列表：超过 {} 行

        sends a list without end
        = 发送了无止境的列表

        sends a message without end: over {} octets
        = 发送了无止境的邮件：超过 {} 字节

        sends a text without end: over {} octets
        = 发送了无止境的文本：超过 {} 字节

        closed the connection in the middle of a message
        = 在邮件中途断开了连接

        closed the connection in the middle of a list
        = 在列表中途断开了连接

        closed the connection in the middle of a line
        = 在一行中途断开了连接

        does not answer commands that are sent ahead
        = 没有应答连续发送的命令

        ended the session
        = 结束了会话

        has ended the session
        = 已结束会话

        speaks out of turn
        = 未经询问就应答

        answers neither +OK nor -ERR
        = 的应答既非 +OK 也非 -ERR

        answers neither OK nor NO nor BAD
        = 的应答既非 OK 也非 NO 或 BAD

        answers RETR with neither +OK nor -ERR
        = 对 RETR 的应答既非 +OK 也非 -ERR

        goes on behind the end of a message
        = 在邮件结束后仍继续发送

        goes on and on, and never answers
        = 不停发送却不应答

        sends a message too slowly to wait for its end
        = 发送邮件太慢，无法等到结束

        asks for more before it has its answer
        = 在得到答复前又要求更多

        sends over {} literals in a response
        = 在一个应答中发送了超过 {} 个字面量

        announces a literal of {} octets
        = 声明了 {} 字节的字面量

        announces a message of {} octets, which it lists with {}
        = 声明邮件为 {} 字节，而列表中为 {} 字节

        cannot be sent {}
        = 无法发送{}

        cannot be sent STARTTLS within TLS
        = 在 TLS 中不能再发送 STARTTLS

        sends a message that nobody asked for
        = 发送了未请求的邮件

        does not greet as an IMAP server
        = 的问候不像 IMAP 服务器

        does not greet as an IMAP server that asks who is there
        = 的问候不是要求登录的 IMAP 服务器

        greets with a farewell
        = 一开始就告别

        says before TLS that somebody is logged in; nothing was sent
        = 在 TLS 之前就声称已登录；没有发送任何内容

        greets in the middle of a session
        = 在会话中途发送问候

        asks for more of a command that is whole
        = 对完整的命令要求更多

        answers what was never asked
        = 应答了从未提出的请求

        accepts half a command
        = 接受了不完整的命令

        sends a response that goes on and on
        = 发送了没完没了的应答

        sends a response that cannot be read
        = 发送了无法解读的应答

        sends a message in a response that cannot be read
        = 在无法解读的应答中发送了邮件

        it says OK and does not send the message
        = 它答复 OK，却没有发送邮件

        it sends another message in its place
        = 它发送了另一封邮件

        it sends a notice that it cannot retrieve it, in place of the message
        = 它发送的是无法取信的通知，而不是邮件

        has {} folders; over {} cannot be told apart
        = 有 {} 个文件夹；超过 {} 个无法区分

        lists folders without end
        = 列出了无止境的文件夹

        does not list its folders
        = 没有列出文件夹

        has no such folder in this session
        = 在本次会话中没有该文件夹

        has {} messages in a folder, more than can be
        = 的一个文件夹中有 {} 封邮件，超过可能的数目

        says that it has {} messages in a folder, more than can be
        = 声称一个文件夹中有 {} 封邮件，超过可能的数目

        does not {}
        = 没有{}

        give headers (UID FETCH)
        = 给出邮件头（UID FETCH）

        list its messages (UID FETCH)
        = 列出邮件（UID FETCH）

        say which messages it has (UID SEARCH)
        = 说明有哪些邮件（UID SEARCH）

        has not listed such a message in this session
        = 在本次会话中没有列出该邮件

        has numbered the messages of {} anew (UIDVALIDITY {}, now {})
        = 已将 {} 的邮件重新编号（UIDVALIDITY 由 {} 变为 {}）

        it gives no reason
        = 它没有说明原因
        """#
}
