-- Ends a message from outside its run, in any state: cancelled by its user, or given up. Its worker, if it has one, is
-- fenced from then on.
-- KEYS meta, log, run, connections, waiting, open, runs, sessions to settle, cleanups, details of them
-- ARGV session, message, user or '' for ourselves, final chunk up to its chunk id, the rest of it, message_complete,
--      working key prefix, seconds to keep an ended session, seconds to keep its owner, lease key prefix
-- answers OK gen first chunk-id {hashes} {members} | ENDED | UNKNOWN
local meta, log, run, connections, waiting, open, runs, to_settle, cleanups, details = unpack(KEYS)
local session, message, user, head, rest, complete = unpack(ARGV)
local keep = { working = ARGV[7], seconds = tonumber(ARGV[8]), owner_seconds = tonumber(ARGV[9]) }

local known = redis.call('HMGET', run, 'status', 'ended', 'finish_chunk')
local status = known[1]
local tail = log_end(meta, log, runs)
if not status or not tail or (user ~= '' and redis.call('HGET', meta, 'owner') ~= user) then
  return { 'UNKNOWN' }
end
local members = redis.call('SMEMBERS', connections)
if status == 'done' or status == 'refused' then
  -- The same call again gets the first call's answer.
  local found = known[3] and redis.call('XRANGE', log, (known[2] - 1) .. '-0', known[2] .. '-0')
  if found and #found == 2 and found[1][2][4] == head .. known[3] .. rest then
    return { 'OK', tail.gen, known[2] - 1, tonumber(known[3]), { found[1][2][6], found[2][2][6] }, members }
  end
  return { 'ENDED' }
end

local held = redis.call('HMGET', meta, 'active', 'next')
local chunk_id
if held[1] == message then
  chunk_id = tonumber(held[2])
else
  chunk_id = tonumber(redis.call('HGET', run, 'plain_next') or 0) -- a plain worker has begun it
end
if status ~= 'accepted' or redis.call('HEXISTS', run, 'handles') == 1 then
  -- The run has begun, so its service can continue without a worker.
  local left = { meta = meta, run = run, cleanups = cleanups, details = details }
  leave_cleanup(left, session, message, false, ARGV[10])
end
local first = tail.n + 1
add_entry(log, tail, 'chunk', head .. chunk_id .. rest)
local chunk_hash = tail.hash
add_entry(log, tail, 'message_complete', complete)
save_end(meta, tail)
redis.call('HSET', run, 'finish_chunk', chunk_id)
local at = { meta = meta, log = log, run = run, waiting = waiting, open = open, runs = runs,
      to_settle = to_settle }
end_run(at, tail, session, message, members, keep)
if redis.call('HGET', meta, 'plain') == message then
  redis.call('HDEL', meta, 'plain')
end
return { 'OK', tail.gen, first, chunk_id, { chunk_hash, tail.hash }, members }
