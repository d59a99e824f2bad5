-- Ends a message that may not be run with its only chunk, so that whoever waits for it is told.
-- KEYS meta, log, run, connections
-- ARGV final chunk, message_complete event, seconds to remember it
-- answers OK gen first {hashes} {members} | KNOWN
local meta, log, run, connections = unpack(KEYS)
local chunk, complete, keep_seconds = unpack(ARGV)

local tail = log_end(meta)
-- A message of this id that is run or was run has its own end.
if not tail or redis.call('EXISTS', run) == 1 then
  return { 'KNOWN' }
end
local first = tail.n + 1
add_entry(log, tail, 'chunk', chunk)
local chunk_hash = tail.hash
add_entry(log, tail, 'message_complete', complete)
save_end(meta, tail)
redis.call('HSET', run, 'status', 'refused')
redis.call('EXPIRE', run, keep_seconds)
return { 'OK', tail.gen, first, { chunk_hash, tail.hash }, redis.call('SMEMBERS', connections) }
