-- Puts turns into a session's history and records up to where the history has the log.
-- KEYS meta, log, history, turns, sessions of the owner, sessions to settle, activity
-- ARGV generation, up to which entry, entries that the log keeps, seconds that the history is kept,
--      session, title of a session that has none, most sessions of a user, hash of that entry or empty, then message id,
--      turn and activity (or empty) of each
-- answers 1, or 0 when the log was replaced meanwhile, or has lost that entry with its last writes
local meta, log, history, turns, sessions, to_settle, activity = unpack(KEYS)
local generation, up_to, keep_entries, keep_seconds = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local session, title, most_sessions, hash = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]

local found = redis.call('HMGET', meta, 'gen', 'n', 'settled', 'ended', 'owner', 'title', 'created', 'incarnation')
if found[1] ~= generation then
  return { 0 }
end
-- A missing entry was lost if its number is beyond the end, and trimmed otherwise.
local entry = redis.call('XRANGE', log, up_to .. '-0', up_to .. '-0')[1]
if up_to > tonumber(found[2]) or (hash ~= '' and entry and entry[2][6] ~= hash) then
  return { 0 }
end
-- No message has such an id. A key with turns names its own owner, because the log's record can be evicted alone.
if #ARGV >= 9 then
  redis.call('HSET', history, ':owner', found[5], ':incarnation', found[8] or '')
end
-- The activity has its own key, which can outlive the others: it names its owner, too.
if #ARGV >= 9 and redis.call('HGET', activity, ':owner') ~= found[5] then
  redis.call('UNLINK', activity)
end
local added = 0
for i = 9, #ARGV, 3 do
  redis.call('HSET', history, ARGV[i], ARGV[i + 1])
  if ARGV[i + 2] == '' then
    redis.call('HDEL', activity, ARGV[i])
  else
    redis.call('HSET', activity, ':owner', found[5], ARGV[i], ARGV[i + 2])
  end
  -- A new place after all others; a turn that is written again keeps its place.
  local last = redis.call('ZREVRANGE', turns, 0, 0, 'WITHSCORES')[2]
  added = added + redis.call('ZADD', turns, 'NX', tonumber(last or 0) + 1, ARGV[i])
end
if added > 0 then
  local now = redis.call('TIME')
  local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
  redis.call('HSETNX', history, ':title', found[6] or title)
  redis.call('HSETNX', history, ':created', found[7] or now_ms)
  redis.call('ZADD', sessions, now_ms, session)
  redis.call('ZREMRANGEBYSCORE', sessions, '-inf', now_ms - keep_seconds * 1000)
  redis.call('ZREMRANGEBYRANK', sessions, 0, -most_sessions - 1)
  redis.call('EXPIRE', sessions, keep_seconds)
end
redis.call('EXPIRE', history, keep_seconds)
redis.call('EXPIRE', turns, keep_seconds)
redis.call('EXPIRE', activity, keep_seconds)
local settled = math.max(tonumber(found[3] or 0), up_to)
redis.call('HSET', meta, 'settled', settled)
if settled >= tonumber(found[4] or 0) then
  redis.call('ZREM', to_settle, session)
end
-- The settled entry itself stays: readers that have only the history begin there.
redis.call('XTRIM', log, 'MINID', math.max(0, math.min(settled, tonumber(found[2]) - keep_entries + 1)))
return { 1 }
