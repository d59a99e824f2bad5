-- Ends a message from outside its run, whatever state it is in: cancelled by its user, or given up. Its worker, if it has
-- one, is fenced from then on.
-- KEYS meta, log, run, connections, waiting, open
-- ARGV session, message, user or '' for ourselves, final chunk up to its chunk id, the rest of it, message_complete,
--      working key prefix, seconds to keep an ended session
-- answers OK gen first chunk-id {hashes} {members} | ENDED | UNKNOWN
local meta, log, run, connections, waiting, open = unpack(KEYS)
local session, message, user, head, rest, complete, working_prefix = unpack(ARGV)
local keep = { seconds = tonumber(ARGV[8]), working = working_prefix }

local status = redis.call('HGET', run, 'status')
local tail = log_end(meta)
if not status or not tail or (user ~= '' and redis.call('HGET', meta, 'owner') ~= user) then
  return { 'UNKNOWN' }
end
if status == 'done' or status == 'refused' then
  return { 'ENDED' }
end

local held = redis.call('HMGET', meta, 'active', 'next')
local chunk_id = 0
if held[1] == message then
  chunk_id = tonumber(held[2])
end
local first = tail.n + 1
add_entry(log, tail, 'chunk', head .. chunk_id .. rest)
local chunk_hash = tail.hash
add_entry(log, tail, 'message_complete', complete)
save_end(meta, tail)
local members = redis.call('SMEMBERS', connections)
local at = { meta = meta, log = log, run = run, waiting = waiting, open = open }
end_run(at, tail, session, message, members, keep)
return { 'OK', tail.gen, first, chunk_id, { chunk_hash, tail.hash }, members }
