-- Appends entries of one run, all or none, if the caller still holds the run's token.
-- KEYS meta, log, run, connections, waiting, open, runs, sessions to settle, tools, cleanups, details of them
-- ARGV session, message, token, first chunk id, number of chunks, what then (CONTINUE, END or PARK), working key
--      prefix, seconds to keep an ended session, seconds to keep its owner, ms a parked run waits for its user, JSON
--      array of the places at services that the entries name or '', lease key prefix, then event and data of each entry
-- answers OK gen first {hashes} {members} | FENCED | SEQ expected
local meta, log, run, connections, waiting, open, runs, to_settle, tools, cleanups, details = unpack(KEYS)
local session, message, token = ARGV[1], ARGV[2], ARGV[3]
local chunk_id, chunks, what_then = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local keep = { working = ARGV[7], seconds = tonumber(ARGV[8]), owner_seconds = tonumber(ARGV[9]) }
local parked_ms, handles, lease_prefix, first_arg = tonumber(ARGV[10]), ARGV[11], ARGV[12], 13

-- An identical retry of the run's last append gets the first call's answer: the chain must begin and end with the same
-- hashes. If the log has begun again since, those entries are no longer in it.
local function retried(tail)
  local last =
    redis.call('HMGET', run, 'append_token', 'append_chunk', 'append_first', 'append_hash', 'append_end', 'append_gen')
  if last[1] ~= token or tonumber(last[2]) ~= chunk_id or (last[6] or tail.gen) ~= tail.gen then
    return nil
  end
  local hash, hashes = last[4], {}
  for i = first_arg, #ARGV, 2 do
    hash = next_hash(hash, ARGV[i], ARGV[i + 1])
    hashes[#hashes + 1] = hash
  end
  if hash ~= last[5] then
    return nil
  end
  return { 'OK', tail.gen, tonumber(last[3]), hashes, redis.call('SMEMBERS', connections) }
end

local held = redis.call('HMGET', meta, 'active', 'token', 'worker', 'next')
local tail = log_end(meta, log, runs)
if not tail or redis.call('HEXISTS', run, 'body') == 0 then
  return { 'FENCED' }
end
-- If the waiting line was evicted, the message has lost its turn: at its end the gap in the history would be unknown.
local holds = held[1] == message and held[2] == token and redis.call('ZSCORE', waiting, message)
if not holds or tonumber(held[4]) ~= chunk_id then
  local first_answer = retried(tail)
  if first_answer then
    return first_answer
  elseif holds then
    return { 'SEQ', tonumber(held[4]) }
  end
  return { 'FENCED' }
end

local first, hash_before, hashes = tail.n + 1, tail.hash, {}
for i = first_arg, #ARGV, 2 do
  add_entry(log, tail, ARGV[i], ARGV[i + 1])
  hashes[#hashes + 1] = tail.hash
end
save_end(meta, tail)
redis.call('HSET', run, 'append_token', token, 'append_chunk', chunk_id, 'append_first', first,
  'append_hash', hash_before, 'append_end', tail.hash, 'append_gen', tail.gen)
if chunk_id == 0 then
  redis.call('HSET', run, 'first', first)
end
remember_handles(run, handles)
local members = redis.call('SMEMBERS', connections)

if what_then == 'END' then
  local failed = string.find(ARGV[#ARGV], '"finish_reason":"error"', 1, true)
  if failed and redis.call('HEXISTS', run, 'handles') == 1 then
    -- Its worker tells the service to stop; if that fails, another worker does it.
    local left = { meta = meta, run = run, cleanups = cleanups, details = details }
    leave_cleanup(left, session, message, false, lease_prefix)
  end
  local at = { meta = meta, log = log, run = run, waiting = waiting, open = open, runs = runs,
      to_settle = to_settle }
  end_run(at, tail, session, message, members, keep)
else
  redis.call('HSET', meta, 'next', chunk_id + chunks)
end
if what_then == 'PARK' then
  -- The run keeps its session's turn, but has no worker: no worker has the empty id, and no token is empty. The attempt
  -- does not count as a failed one.
  local now = redis.call('TIME')
  redis.call('HSET', meta, 'token', '', 'worker', '')
  redis.call('SREM', keep.working .. held[3], session .. ':' .. message)
  redis.call('HSET', run, 'status', 'parked', 'question', chunk_id + chunks - 1)
  rests(run, tail)
  redis.call('HINCRBY', run, 'attempts', -1)
  redis.call('ZADD', open, now[1] * 1000 + math.floor(now[2] / 1000) + parked_ms, session .. ':' .. message)
  -- The outcomes of its tool calls must still be known when it continues.
  redis.call('EXPIRE', tools, math.ceil(parked_ms / 1000) + keep.seconds)
end
return { 'OK', tail.gen, first, hashes, members }
