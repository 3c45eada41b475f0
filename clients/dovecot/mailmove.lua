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
local unix = require "socket.unix"

local path = os.getenv("MAILMOVE_LOGIN_SOCKET") or "/run/mailmove/login.sock"

-- Seconds; well above the daemon's own bound for a login (timeouts.login), below Dovecot's patience.
local patience = 30

-- Dovecot's service names, as the daemon calls the way a user came in.
local via = { imap = "imap", pop3 = "pop3", smtp = "smtp", submission = "smtp" }

-- Sends one request and returns the decoded reply, or nil and why there is none.
-- A connection a login: a restart of the daemon never leaves a stale one behind, and connecting costs next to nothing.
local function ask(method, params)
  local request = json.encode { jsonrpc = "2.0", id = 1, method = method, params = params }
  local connection = unix.stream and unix.stream() or unix()
  connection:settimeout(patience, "t")
  local sent, problem = connection:connect(path)
  if sent then
    sent, problem = connection:send(request .. "\n")
  end
  local line
  if sent then
    line, problem = connection:receive("*l")
  end
  connection:close()
  if not line then
    return nil, "cannot ask mailmoved at " .. path .. ": " .. tostring(problem)
  end
  local reply = json.decode(line)
  if type(reply) ~= "table" or (type(reply.result) ~= "table" and type(reply.error) ~= "table") then
    return nil, "mailmoved's answer makes no sense"
  end
  return reply
end

function auth_password_verify(request, password)
  local temporary, wrong = dovecot.auth.PASSDB_RESULT_INTERNAL_FAILURE, dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH

  -- JSON is UTF-8, and so are all passwords and addresses the daemon knows.
  if not utf8.len(password) or not utf8.len(request.user) then
    request:log_info("mailmove: the password or the user name is not UTF-8")
    return wrong, {}
  end

  local remote = request.rip
  local reply, problem = ask("authenticate", {
    account = request.user,
    password = password,
    via = via[request.service] or "other",
    remoteAddress = remote ~= "" and remote or nil,
  })
  if not reply then
    return temporary, problem
  end

  if type(reply.error) == "table" then
    local data = type(reply.error.data) == "table" and reply.error.data or {}
    -- A user name that is not an address is nobody's.
    if reply.error.code == -32602 and data.parameter == "account" then
      return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, {}
    end
    -- Among them tooManyAttempts: nobody has looked whether this password is right, so it must not be called wrong.
    return temporary, "mailmoved: " .. tostring(data.reason or reply.error.message)
  end

  local decision = reply.result.decision
  if decision == "accept" then
    return dovecot.auth.PASSDB_RESULT_OK, {}
  elseif decision == "reject" then
    return wrong, {}
  end
  return temporary, "mailmoved: no decision at the moment (" .. tostring(decision) .. ")"
end

function script_init()
  return 0
end

function script_deinit()
end
