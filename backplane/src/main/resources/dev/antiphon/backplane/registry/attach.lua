-- Registers a connection of a session and tells where its stream begins, in one step: an entry appended
-- before is in the log, one appended after is published to the pod.
-- KEYS meta, log, connections, pod connections, waiting
-- ARGV user, member or '', pod member, fresh generation, seconds to keep a new session, run key prefix,
--      seconds to keep the members
-- answers OK gen tail-n tail-hash start-n start-hash unseen ('' or number) | FOREIGN
local meta, log, connections, pod_connections, waiting = unpack(KEYS)
local user, member, pod_member, generation, keep_seconds, run_prefix, member_seconds = unpack(ARGV)

local owner = redis.call('HGET', meta, 'owner')
if owner and owner ~= user then
  return { 'FOREIGN' }
end
if not owner then
  begin(meta, user, generation)
  redis.call('EXPIRE', meta, keep_seconds)
end
if member ~= '' then
  redis.call('SADD', connections, member)
  redis.call('EXPIRE', connections, member_seconds)
  redis.call('SADD', pod_connections, pod_member)
end

-- Without an id, a reader is shown the answer in flight from its start, and answers that ended
-- while nobody was connected. What lies before the end of the last answer was seen.
local tail = log_end(meta)
local start = tail.n
local found = redis.call('HMGET', meta, 'ended', 'unseen')
local oldest = redis.call('ZRANGE', waiting, 0, 0)[1]
if oldest then
  local asked = redis.call('HGET', run_prefix .. oldest, 'asked')
  start = math.max(tonumber(found[1] or 0), tonumber(asked) - 1)
end
if found[2] then
  start = math.min(start, tonumber(found[2]))
end

local start_hash = '00000000'
if start > 0 then
  local entry = redis.call('XRANGE', log, start .. '-0', start .. '-0')[1]
  if entry then
    start_hash = entry[2][6]
  else
    start, start_hash = tail.n, tail.hash -- trimmed away since
  end
end
return { 'OK', tail.gen, tail.n, tail.hash, start, start_hash, found[2] or '' }
