-- SPDX-License-Identifier: Apache-2.0
--
-- A Dovecot 2.3 password database that asks mailmoved at every login.
--
-- It says "wrong password" only when the daemon has said so. Whatever else keeps it from an answer (no daemon, no
-- reply in time, an old server that is down) is a temporary failure: mail programs try again later, and nobody is
-- asked for a password that was right.
--
-- Needs lua-socket and lua-cjson. Runs in auth workers (blocking=yes), each of which handles one login at a time.

local json = require "cjson.safe"
local socket = require "socket"
local unix = require "socket.unix"

local path = os.getenv("MAILMOVE_LOGIN_SOCKET") or "/run/mailmove/login.sock"

-- Where accounts are the platform's own, mailmoved lets nobody in: what it passes on is the next password database's, and
-- so is everything while it is gone, hangs or cannot read the accounts. The daemon leaves a word about that beside its
-- socket, which outlives it.
local function accounts_are_elsewhere()
  local file = io.open(path .. ".accounts")
  if not file then
    return false
  end
  local kind = file:read("*l")
  file:close()
  return kind ~= nil and kind ~= "" and kind ~= "builtin"
end

-- Seconds after which a daemon that does not even answer a ping hangs; and what one that has hung is given for the next
-- seconds, so that this worker is free for others again at once.
local ping_patience = 2
local quick_patience = 0.2
local suspicion = 10
local suspected_until = 0
local ping = '{"jsonrpc":"2.0","id":0,"method":"ping"}\n'

-- Seconds; well above the daemon's own bound for a login (timeouts.login, 10), below Dovecot's patience (60).
local patience = 30

-- Postfix (3.7) has one answer for every "no" of Dovecot's, 535, which means a wrong password. Only where it gets no
-- answer, which it awaits for 10 s, it says 454, try again later. So a temporary failure at SMTP is kept back for so
-- long, in an auth worker.
local postfix_patience = 11

-- How many auth workers may do that at once, well below auth_worker_max_count: no login waits for a worker that only
-- keeps something back. Guesses beyond the limit, which may come without end, have places of their own, so that they
-- take none from those whom an outage keeps out. Who finds no place is answered at once.
local places = { guesses = 4, outages = 8 }

-- Dovecot's service names, as the daemon calls the way a user came in.
local via = { imap = "imap", pop3 = "pop3", smtp = "smtp", submission = "smtp" }

local result = dovecot.auth

-- The next line, within so many seconds; else nil, why, and what has come of it.
local function receive(connection, seconds, part)
  connection:settimeout(seconds, "t")
  return connection:receive("*l", part)
end

-- The reply to a request. Where a ping was sent with it, `ping_end` says until when it has to be answered; another is sent
-- every time that nothing has come for two seconds: a daemon that waits for the old server answers it at once, one that
-- hangs does not.
local function reply_line(connection, ping_end)
  if not ping_end then
    return receive(connection, patience)
  end
  local deadline = socket.gettime() + patience
  local unanswered = true
  local part = ""
  while socket.gettime() < deadline do
    local seconds = unanswered and math.max(0, ping_end - socket.gettime()) or ping_patience
    local line, problem, rest = receive(connection, seconds, part)
    if line and line:find('"id":0', 1, true) then
      unanswered, part = false, ""
      suspected_until = 0
    elseif line or problem ~= "timeout" then
      return line, problem
    elseif unanswered then
      suspected_until = socket.gettime() + suspicion
      return nil, "it hangs"
    else
      part = rest or ""
      unanswered = true
      ping_end = socket.gettime() + ping_patience
      connection:send(ping)
    end
  end
  return nil, "timeout"
end

-- Sends one request on a connection of its own, and returns the decoded reply, or nil and why there is none.
local function ask_once(request, pings)
  local connection = unix.stream and unix.stream() or unix()
  -- Connecting is part of what the ping is given.
  local seconds = socket.gettime() < suspected_until and quick_patience or ping_patience
  local ping_end = pings and socket.gettime() + seconds
  connection:settimeout(pings and seconds or patience, "t")
  local sent, problem = connection:connect(path)
  if sent then
    sent, problem = connection:send((pings and ping or "") .. request .. "\n")
  end
  local line
  if sent then
    line, problem = reply_line(connection, ping_end)
  end
  connection:close()
  if not line then
    return nil, problem
  end
  local reply = json.decode(line)
  if type(reply) ~= "table" or (type(reply.result) ~= "table" and type(reply.error) ~= "table") then
    return nil, "its answer makes no sense"
  end
  return reply
end

-- Why a request was refused: the contract's reason, else what the error says.
local function refusal(reply)
  local data = type(reply.error.data) == "table" and reply.error.data or {}
  return data.reason or reply.error.message, data.parameter
end

-- One of so many places, which the kernel takes back when its holder closes it, or dies: an address of the loopback that
-- one process at a time can bind to. Workers have nothing else in common. The port follows from the path, so that two
-- mail servers on one machine do not share places.
local function take_place(kind)
  local port = 0
  for index = 1, #path do
    port = (port * 31 + path:byte(index)) % 12000
  end
  for number = 1, places[kind] do
    local place = (socket.udp4 or socket.udp)()
    local address = "127.77." .. (kind == "guesses" and 1 or 2) .. "." .. number
    if place and place:setsockname(address, 20000 + port) then
      return place
    elseif place then
      place:close()
    end
  end
  return nil
end

-- The same; a daemon that is being restarted is asked again, and its successor answers.
local function ask(method, params, pings)
  local request = json.encode { jsonrpc = "2.0", id = 1, method = method, params = params }
  local reply, problem
  for _ = 1, 3 do
    reply, problem = ask_once(request, pings)
    if reply and type(reply.error) == "table" and refusal(reply) == "shuttingDown" then
      problem = "shuttingDown"
    elseif problem ~= "closed" then
      break
    end
    socket.sleep(0.3)
  end
  if not reply then
    return nil, "cannot ask mailmoved at " .. path .. ": " .. tostring(problem)
  end
  return reply
end

-- What is no concern of the daemon's: the next database's where accounts are the platform's, else a clear answer.
local function not_ours(elsewhere, otherwise)
  return elsewhere and result.PASSDB_RESULT_NEXT or otherwise, {}
end

-- No answer from the daemon, or none that means anything.
local function gone(elsewhere, request, problem)
  if elsewhere then
    request:log_warning("mailmove: " .. tostring(problem) .. "; the next database decides")
    return result.PASSDB_RESULT_NEXT, {}
  end
  return result.PASSDB_RESULT_INTERNAL_FAILURE, problem
end

local function decide(request, password)
  local elsewhere = accounts_are_elsewhere()
  -- JSON is UTF-8, and so are all passwords and addresses the daemon knows.
  if not utf8.len(request.user) then
    return not_ours(elsewhere, result.PASSDB_RESULT_USER_UNKNOWN)
  end
  if not utf8.len(password) then
    request:log_warning("mailmove: the password is not UTF-8, so it cannot be shown to anyone")
    return not_ours(elsewhere, result.PASSDB_RESULT_PASSWORD_MISMATCH)
  end

  local remote = request.rip
  local reply, problem = ask("authenticate", {
    account = request.user,
    password = password,
    via = via[request.service] or "other",
    remoteAddress = remote ~= "" and remote or nil,
  }, elsewhere)
  if not reply then
    return gone(elsewhere, request, problem)
  end

  if type(reply.error) == "table" then
    local reason, parameter = refusal(reply)
    -- A user name that is not an address is nobody's.
    if reply.error.code == -32602 and parameter == "account" then
      return not_ours(elsewhere, result.PASSDB_RESULT_USER_UNKNOWN)
    end
    if reason == "directoryUnavailable" or reason == "shuttingDown" then
      return gone(elsewhere, request, "mailmoved: " .. reason)
    end
    -- Among them tooManyAttempts: nobody has looked whether this password is right, so it must not be called wrong.
    local kind = reason == "tooManyAttempts" and "guesses" or "outages"
    return result.PASSDB_RESULT_INTERNAL_FAILURE, "mailmoved: " .. tostring(reason), kind
  end

  local decision = reply.result.decision
  if decision == "accept" then
    -- The account's name as the daemon writes it in Maildir paths: lower case, domain in A-form.
    local status = reply.result.migration
    local account = type(status) == "table" and status.account
    return result.PASSDB_RESULT_OK, type(account) == "string" and { user = account } or {}
  elseif decision == "pass" then
    return result.PASSDB_RESULT_NEXT, {}
  elseif decision == "reject" then
    return result.PASSDB_RESULT_PASSWORD_MISMATCH, {}
  elseif reply.result.reason == "directoryUnavailable" then
    return gone(elsewhere, request, "mailmoved: directoryUnavailable")
  end
  return result.PASSDB_RESULT_INTERNAL_FAILURE,
    "mailmoved: no decision at the moment (" .. tostring(decision) .. ")"
end

-- A login.
function auth_password_verify(request, password)
  local start = socket.gettime()
  local outcome, more, kind = decide(request, password)
  if outcome == result.PASSDB_RESULT_INTERNAL_FAILURE and request.service == "smtp" then
    local seconds = start + postfix_patience - socket.gettime()
    local place = seconds > 0 and take_place(kind or "outages")
    if place then
      socket.sleep(seconds)
      place:close()
    end
  end
  return outcome, more
end

-- Whether there is such a user, without a login: deliveries by LMTP, doveadm.
function auth_passdb_lookup(request)
  if accounts_are_elsewhere() then
    return result.PASSDB_RESULT_NEXT, {}
  end
  if not utf8.len(request.user) then
    return result.PASSDB_RESULT_USER_UNKNOWN, {}
  end
  local reply, problem = ask("queryStatus", { account = request.user })
  if not reply then
    return result.PASSDB_RESULT_INTERNAL_FAILURE, problem
  elseif type(reply.result) == "table" then
    -- A hash that no password has, in a scheme that no mechanism but PLAIN and LOGIN can work with.
    -- The account by its own name: mail to it goes into one Maildir, however its address is spelled.
    local account = reply.result.account
    local found = { password = "{CRYPT}*" }
    if type(account) == "string" then
      found.user = account
    end
    return result.PASSDB_RESULT_OK, found
  end
  local reason, parameter = refusal(reply)
  if reason == "accountNotFound" or (reply.error.code == -32602 and parameter == "account") then
    return result.PASSDB_RESULT_USER_UNKNOWN, {}
  end
  return result.PASSDB_RESULT_INTERNAL_FAILURE, "mailmoved: " .. tostring(reason)
end

function script_init()
  return 0
end

function script_deinit()
end
