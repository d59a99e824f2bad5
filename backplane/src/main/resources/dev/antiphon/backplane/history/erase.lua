-- Removes all keys of a session. Its worker, if it has one, is fenced from then on.
-- KEYS meta, runs, connections, open, sessions of the user, sessions to settle, cleanups, details of them, history,
--      waiting, erased messages, then all keys of the session
-- ARGV user, session, working key prefix, run key prefix, lease key prefix, seconds to remember the messages, number of
--      incarnations that the database knows of the user's session, these, then what the keys of its messages begin with
-- answers OK active-message {members} | UNKNOWN
local meta, runs, connections, open, sessions, to_settle, cleanups, details, history, waiting, erased = unpack(KEYS)
local user, session, working_prefix, run_prefix, lease_prefix, remember_seconds = unpack(ARGV)

local first_prefix = 8 + tonumber(ARGV[7])

local held = redis.call('HMGET', meta, 'owner', 'active', 'worker')
local owner, incarnation =
  owner_of({ meta = meta, history = history, waiting = waiting, runs = runs, run_prefix = run_prefix })
-- Services also remove their data of the session and end their work for it: for each incarnation that the session had.
local function leave(message, of)
  leave_cleanup({ meta = meta, run = message ~= '' and run_prefix .. message, incarnation = of, cleanups = cleanups,
    details = details }, session, message, true, lease_prefix)
end
local is_left = {}
local function leave_thread(of)
  if of and not is_left[of] then
    is_left[of] = true
    leave('', of)
  end
end
if owner == user then
  local active = held[2] or ''
  local of = active ~= '' and redis.call('HGET', run_prefix .. active, 'incarnation') or incarnation or ''
  is_left[of] = true
  leave(active, of)
  leave_thread(incarnation)
end
for i = 8, first_prefix - 1 do
  leave_thread(ARGV[i])
end
if owner ~= user then
  return { 'UNKNOWN' }
end
local members = redis.call('SMEMBERS', connections)
if held[2] and held[3] ~= '' then
  redis.call('SREM', working_prefix .. held[3], session .. ':' .. held[2])
end
local messages = redis.call('ZRANGE', runs, 0, -1)
for _, message in ipairs(redis.call('ZRANGE', waiting, 0, -1)) do
  messages[#messages + 1] = message -- the index can be evicted
end
for _, message in ipairs(messages) do
  redis.call('SADD', erased, message)
  leave_thread(redis.call('HGET', run_prefix .. message, 'incarnation'))
  for i = first_prefix, #ARGV do
    redis.call('DEL', ARGV[i] .. message)
  end
  redis.call('ZREM', open, session .. ':' .. message)
end
redis.call('EXPIRE', erased, remember_seconds)
for i = 12, #KEYS do
  redis.call('UNLINK', KEYS[i]) -- a long log is freed in parallel with other calls
end
redis.call('ZREM', sessions, session)
redis.call('ZREM', to_settle, session)
return { 'OK', held[2] or '', members }
