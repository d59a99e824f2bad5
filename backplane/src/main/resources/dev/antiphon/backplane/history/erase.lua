-- Removes everything of a session. Its worker, if it has one, is fenced from then on.
-- KEYS meta, runs, connections, open, sessions of the user, sessions to settle, cleanups, details of them, history,
--      waiting, then all keys of the session
-- ARGV user, session, working key prefix, run key prefix, lease key prefix, then what the keys of its messages begin with
-- answers OK active-message {members} | UNKNOWN
local meta, runs, connections, open, sessions, to_settle, cleanups, details, history, waiting = unpack(KEYS)
local user, session, working_prefix, run_prefix, lease_prefix = unpack(ARGV)

local held = redis.call('HMGET', meta, 'owner', 'active', 'worker')
if owner_of({ meta = meta, history = history, waiting = waiting, runs = runs, run_prefix = run_prefix }) ~= user then
  return { 'UNKNOWN' }
end
local members = redis.call('SMEMBERS', connections)
-- What services keep of the session goes too, and what they still do for it ends.
local left = { meta = meta, run = held[2] and run_prefix .. held[2], cleanups = cleanups, details = details }
leave_cleanup(left, session, held[2] or '', true, lease_prefix)
if held[2] and held[3] ~= '' then
  redis.call('SREM', working_prefix .. held[3], session .. ':' .. held[2])
end
local messages = redis.call('ZRANGE', runs, 0, -1)
for _, message in ipairs(redis.call('ZRANGE', waiting, 0, -1)) do
  messages[#messages + 1] = message -- the index may be evicted
end
for _, message in ipairs(messages) do
  for i = 6, #ARGV do
    redis.call('DEL', ARGV[i] .. message)
  end
  redis.call('ZREM', open, session .. ':' .. message)
end
for i = 11, #KEYS do
  redis.call('UNLINK', KEYS[i]) -- a long log is freed beside other calls
end
redis.call('ZREM', sessions, session)
redis.call('ZREM', to_settle, session)
return { 'OK', held[2] or '', members }
