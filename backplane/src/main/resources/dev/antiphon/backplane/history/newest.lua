-- The newest turns of a session, or those before one of them, oldest first, and the entry up to which the log is in
-- them. The settled place is read first: a turn that is settled meanwhile is then sent twice rather than never.
-- KEYS meta, log, history, turns, activity, waiting, runs, open
-- ARGV user, most turns, most bytes, message before which the turns are or '', run key prefix, fresh generation,
--      seconds to keep a log that begins here, the database's answer about the owner, the latest message and the
--      incarnation; the session
-- answers OK gen n hash {{turn, activity}…} whether-there-are-older | UNKNOWN | ASK
local meta, log, history, turns, activity, waiting, runs, open = unpack(KEYS)
local user, most, bytes, before = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local run_prefix, generation, keep_seconds, durable, latest, incarnation, session = unpack(ARGV, 5)
local at = { session = session, meta = meta, log = log, waiting = waiting, open = open, runs = runs, history = history, turns = turns,
  run_prefix = run_prefix, incarnation = incarnation }

local admitted = admit(at, user, durable)
if admitted == 'ASK' then
  return { 'ASK' }
elseif admitted ~= 'OK' or (owner_of(at) or durable) ~= user then
  return { 'UNKNOWN' }
elseif (redis.call('HGET', history, ':owner') or user) ~= user then
  return { 'UNKNOWN' }
end
if not redis.call('HGET', meta, 'gen') then
  -- The history has outlived the log: its reader continues in a new log.
  if begin(at, user, generation) and redis.call('ZCARD', waiting) == 0 then
    redis.call('EXPIRE', meta, keep_seconds)
  end
  if latest ~= '' then
    redis.call('HSETNX', meta, 'latest', latest)
  end
end
confirm(at, durable)
local found = redis.call('HMGET', meta, 'gen', 'settled', 'owner', 'n', 'hash')
local settled, hash = tonumber(found[2] or 0), '00000000'
if settled > 0 then
  local entry = redis.call('XRANGE', log, settled .. '-0', settled .. '-0')[1]
  if entry then
    hash = entry[2][6]
  else
    settled, hash = tonumber(found[4]), found[5] -- all entries have expired
  end
end
local from, all = 0, redis.call('ZCARD', turns)
if before ~= '' then
  from = (redis.call('ZREVRANK', turns, before) or all) + 1 -- nothing is before a missing message
end
local shows_activity = redis.call('HGET', activity, ':owner') == user
local newest, size = {}, 0
for _, message in ipairs(redis.call('ZREVRANGE', turns, from, from + most - 1)) do
  local turn, steps = redis.call('HGET', history, message), shows_activity and redis.call('HGET', activity, message)
  size = size + #(turn or '') + #(steps or '')
  if size > bytes and #newest > 0 then
    break
  end
  if turn then
    table.insert(newest, 1, { turn, steps or '' })
  end
end
return { 'OK', found[1], settled, hash, newest, from + #newest < all and 1 or 0 }
