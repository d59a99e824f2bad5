-- Ends a message that must not be run with its only chunk, so that waiting clients get an answer.
-- KEYS meta, log, run, connections, runs
-- ARGV final chunk, message_complete event, seconds to remember it, most to show between two answers of the
--      session, message
-- answers OK gen first {hashes} {members} | KNOWN
local meta, log, run, connections, runs = unpack(KEYS)
local chunk, complete = ARGV[1], ARGV[2]
local keep_seconds, most = tonumber(ARGV[3]), tonumber(ARGV[4])

local function refused(gen, first, hashes)
  return { 'OK', gen, first, hashes, redis.call('SMEMBERS', connections) }
end

local tail = log_end(meta, log, runs)
local known = redis.call('HMGET', run, 'status', 'ended')
if not tail then
  return { 'KNOWN' }
elseif known[1] == 'refused' then
  -- The same call again gets the first call's answer.
  local first = tonumber(known[2]) - 1
  local found = redis.call('XRANGE', log, first .. '-0', known[2] .. '-0')
  if #found == 2 and found[1][2][4] == chunk and found[2][2][4] == complete then
    return refused(tail.gen, first, { found[1][2][6], found[2][2][6] })
  end
  return { 'KNOWN' }
elseif known[1] then
  return { 'KNOWN' } -- it is being run or was run, and has its own end
end

-- A flood of messages for a stranger's session must not let its log grow without end.
if redis.call('HINCRBY', meta, 'refused', 1) > most then
  return { 'KNOWN' }
end
local first = tail.n + 1
add_entry(log, tail, 'chunk', chunk)
local chunk_hash = tail.hash
add_entry(log, tail, 'message_complete', complete)
save_end(meta, tail)
redis.call('HSET', run, 'status', 'refused', 'ended', tail.n)
rests(run, tail)
redis.call('EXPIRE', run, keep_seconds)
remember_run(runs, ARGV[5], keep_seconds)
if redis.call('TTL', meta) > 0 then
  redis.call('EXPIRE', log, keep_seconds) -- no other message of the session is unfinished
  redis.call('EXPIRE', runs, keep_seconds)
end
return refused(tail.gen, first, { chunk_hash, tail.hash })
