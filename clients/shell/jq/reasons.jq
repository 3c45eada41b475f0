# What states, reasons and kinds mean, in an administrator's words; the daemon's own messages are for users.

include "words";

def reason_text: {
    forbidden: t("this socket may not call that method; use the admin socket"; "此套接字无权调用该方法，请使用管理套接字"),
    tooManyAttempts: t("too many wrong passwords; the old server is not asked"; "密码错误次数过多，暂不询问原服务器"),
    overloaded: t("the daemon is busy"; "服务繁忙"),
    shuttingDown: t("the daemon restarts"; "服务正在重启"),
    accountNotFound: t("no such account"; "账号不存在"),
    accountsElsewhere: t("accounts are kept by the platform's own database; do this there";
        "账号由平台自己的数据库管理，请在那里操作"),
    migrationNotEnabled: t("no migration is enabled for this domain (mailmovectl enable)";
        "该域未开启搬家（mailmovectl enable）"),
    migrationExpired: t("the window of this domain has ended (mailmovectl extend opens it again)";
        "该域的搬家已过期（mailmovectl extend 可重新开启）"),
    nonMigratingAccount: t("the account does not move: see the known and excluded accounts (mailmovectl show)";
        "非搬家账号：请查看已知与排除账号（mailmovectl show）"),
    credentialsRejected: t("the old server rejects the password"; "原服务器拒绝了该密码"),
    oldServerUnreachable: t("the old server cannot be reached (mailmovectl verify)";
        "无法连接原服务器（mailmovectl verify）"),
    oldServerUntrusted: t("TLS to the old server fails, or its certificate is not trusted (mailmovectl verify)";
        "与原服务器的 TLS 失败，或证书不受信任（mailmovectl verify）"),
    oldServerProtocol: t("the old server's answers make no sense, or it takes no login (mailmovectl verify)";
        "原服务器应答异常或不接受登录（mailmovectl verify）"),
    secureAuthenticationUnavailable: t("the old server offers no secure way to log in (--secure-auth)";
        "原服务器不支持安全登录方式（--secure-auth）"),
    mailboxInUse: t("the old mailbox is in use, or its server asks to come back later";
        "原邮箱正被使用，或原服务器要求稍后再来"),
    messagesRefused: t("some messages could not be had, or not be kept (mailmovectl events)";
        "部分邮件无法取得或无法写入（mailmovectl events）"),
    oldServerThrottled: t("the old server asks to come back later"; "原服务器要求稍后再来"),
    masterRejected: t("the old server rejects the master user"; "原服务器拒绝了主用户"),
    interrupted: t("the move was interrupted, and its password is gone; the next login resumes it";
        "搬家被中断且密码已清除，下次登录后继续"),
    mailStoreUnavailable: t("the mail store takes no mail: see its disk and rights"; "邮件存储无法写入：请检查磁盘与权限"),
    databaseUnavailable: t("the database does not answer: see its disk"; "数据库不可用：请检查磁盘"),
    directoryUnavailable: t("the platform's accounts cannot be read or changed (mailmovectl verify-accounts)";
        "无法读取或更改平台账号（mailmovectl verify-accounts）") }[. // ""];

def status_text: {
    notStarted: t("not started"; "未开始"), inProgress: t("moving"; "搬家中"), completed: t("completed"; "完成"),
    failed: t("failed"; "失败"), nonMigrating: t("not migrating"; "非搬家账号") }[.] // .;
# Of an account: whoever waits for a turn, or is paused, is not moving.
def account_text:
    if .paused == true then (.status | status_text) + t(" (paused)"; "（已暂停）")
    elif .queued == true then t("moving (queued)"; "搬家中（排队）")
    else .status | status_text end;
def origin_text: {
    webmail: t("webmail"; "网页邮箱登录"), imap: t("IMAP-triggered"; "IMAP触发搬家"),
    pop3: t("POP-triggered"; "POP触发搬家"), smtp: t("SMTP-triggered"; "SMTP触发搬家"),
    portal: t("portal"; "主页触发"), admin: t("administrator"; "管理员触发"), other: t("other"; "其他") }[. // ""] // .;
def window_text: {
    active: t("active"; "进行中"), expired: t("expired"; "已过期"), disabled: t("disabled"; "已停止") }[. // ""] // .;
def severity_text: {
    error: t("FAILED"; "失败"), warning: t("warning"; "警告"), info: t("info"; "信息") }[. // ""] // .;
def finding_text: if . == null then t("skipped"; "跳过") elif . then t("ok"; "正常") else t("FAILED"; "失败") end;
def counts_line: .counts // {} | to_entries | map("\(.key | status_text) \(.value)") | join(" · ");

# What came of the last time that the old server was asked about a password.
def attempt_text: (if .outcome == "unavailable" then .reason | reason_text else null end) // {
    accepted: t("the old server accepted the password"; "原服务器接受了密码"),
    rejected: t("the old server rejected the password"; "原服务器拒绝了密码"),
    unavailable: t("the old server could not check the password"; "原服务器未能验证密码"),
    noSuchUser: t("the old server knows no such user"; "原服务器没有该用户") }[.outcome] // .outcome;

def event_text: {
    triggered: t("triggered"; "触发"), handedOver: t("password taken over"; "接管密码"),
    connected: t("connected"; "已连接"), completed: t("completed"; "完成"), failed: t("failed"; "失败"),
    passwordRejected: t("password rejected"; "密码被拒"), postponed: t("postponed"; "推迟"),
    messageRefused: t("message refused"; "邮件被拒"), perhapsDoubled: t("perhaps doubled"; "可能重复"),
    nonMigrating: t("not migrating"; "非搬家账号"), stopped: t("stopped"; "中止"), created: t("created"; "创建账号"),
    passwordChanged: t("password changed"; "修改密码"), closed: t("closed to hand-over"; "关闭密码同步"),
    hashUnverifiable: t("hash not verifiable"; "哈希无法校验"), deleted: t("deleted"; "删除账号"), paused: t("paused"; "暂停"),
    resumed: t("resumed"; "恢复"), retried: t("retried"; "立即重试"), enabled: t("enabled"; "开启搬家"),
    settingsChanged: t("settings changed"; "更改设置"), disabled: t("disabled"; "停止搬家"),
    oldServerUnreachable: t("old server away"; "原服务器无应答"), oldServerAnswers: t("old server back"; "原服务器恢复"),
    oldServerLimits: t("old server limits"; "原服务器限制") }[.] // .;

def meaning_text: {
    address: t("address"; "地址"), localPart: t("user name"; "用户名"), domain: t("domain"; "域名"),
    password: t("password"; "密码"), passwordHash: t("password hash"; "密码散列"), displayName: t("name"; "姓名"),
    givenName: t("first name"; "名"), familyName: t("last name"; "姓"), quotaOctets: t("quota"; "容量") }[.] // .;
# Why a row of a file, or an account, was not taken.
def rejection_text: {
    invalidAddress: t("no valid address"; "地址无效"), weakPassword: t("the password is too weak"; "密码过弱"),
    missingPassword: t("no password"; "缺少密码"), unsupportedHash: t("a hash of an unknown kind"; "不支持的密码散列"),
    exists: t("exists already"; "已存在"), duplicateInRequest: t("a second row for it"; "重复的行"),
    invalidRow: t("a row that is not in order"; "行格式有误"), encodingUncertain: t("encoding uncertain"; "编码不确定"),
    notInDirectory: t("unknown to the platform"; "平台没有该账号") }[.] // reason_text // .;

# Why somebody has not started.
def waiting_text: {
    noLogin: t("has not logged in yet"; "尚未登录"), paused: t("paused"; "已暂停") }[. // ""] // reason_text // text;
