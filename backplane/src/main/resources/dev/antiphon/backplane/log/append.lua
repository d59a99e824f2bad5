-- Appends entries of one run, all or none, if the caller still holds the run's token.
-- KEYS meta, log, run, connections, waiting, open, runs
-- ARGV session, message, token, first chunk id, number of chunks, terminal ('1' or '0'), working key prefix,
--      seconds to keep an ended session, seconds to keep its owner, then event and data of each entry
-- answers OK gen first {hashes} {members} | FENCED | SEQ expected
local meta, log, run, connections, waiting, open, runs = unpack(KEYS)
local session, message, token = ARGV[1], ARGV[2], ARGV[3]
local chunk_id, chunks, terminal = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local keep = { working = ARGV[7], seconds = tonumber(ARGV[8]), owner_seconds = tonumber(ARGV[9]) }
local first_arg = 10

-- An identical retry of the run's last append gets its first answer: the same chain from where that append began must
-- end where it ended.
local function retried(tail)
  local last = redis.call('HMGET', run, 'append_token', 'append_chunk', 'append_first', 'append_hash', 'append_end')
  if last[1] ~= token or tonumber(last[2]) ~= chunk_id then
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
local tail = log_end(meta)
if not tail then
  return { 'FENCED' }
end
local holds = held[1] == message and held[2] == token
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
  'append_hash', hash_before, 'append_end', tail.hash)
if chunk_id == 0 then
  redis.call('HSET', run, 'first', first)
end
local members = redis.call('SMEMBERS', connections)

if terminal then
  local at = { meta = meta, log = log, run = run, waiting = waiting, open = open, runs = runs }
  end_run(at, tail, session, message, members, keep)
else
  redis.call('HSET', meta, 'next', chunk_id + chunks)
end
return { 'OK', tail.gen, first, hashes, members }
