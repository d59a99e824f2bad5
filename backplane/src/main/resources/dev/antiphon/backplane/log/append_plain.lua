-- Appends chunks of a worker that knows only the contract. It claims nothing, and every pod that it sends to receives
-- its chunks independently. So only the chunk ids tell which chunks are new, and the first pod appends them.
-- KEYS meta, log, run, connections, waiting, open, runs, sessions to settle
-- ARGV session, message, may a gap be closed ('1' or '0'), status chunk that closes it up to its chunk id, the rest of
--      it, working key prefix, seconds to keep an ended session, seconds to keep its owner, then of each chunk,
--      ascending: chunk id, data, message_complete or ''
-- answers OK gen tail-n tail-hash next doubled gaps ended {{number, event, data, hash}…} | OURS | ENDED | NONE
local meta, log, run, connections, waiting, open, runs, to_settle = unpack(KEYS)
local session, message, closes_gap, gap_head, gap_rest = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4], ARGV[5]
local keep = { working = ARGV[6], seconds = tonumber(ARGV[7]), owner_seconds = tonumber(ARGV[8]) }
local first_arg = 9

local tail = log_end(meta, log, runs)
if not tail then
  return { 'NONE' }
end
local known = redis.call('HMGET', run, 'status', 'plain_next')
local status, next_chunk = known[1], tonumber(known[2] or 0)
if status == 'done' or status == 'refused' then
  return { 'ENDED' }
elseif status and status ~= 'accepted' and status ~= 'plain' then
  return { 'OURS' } -- one of our workers has claimed it; tokens fence its appends
end

local entries, doubled, gaps, ended = {}, 0, 0, 0
local function add(event, data)
  if #entries == 0 and status ~= 'plain' then
    redis.call('HSET', run, 'status', 'plain')
    if not status then
      -- No gateway of ours received the request. The message has no turn; readers without an id need its beginning.
      redis.call('HSET', run, 'attempts', 0, 'digest', '', 'asked', tail.n + 1)
      redis.call('HSETNX', meta, 'plain', message)
    end
    redis.call('HSET', run, 'first', tail.n + 1)
  end
  add_entry(log, tail, event, data)
  entries[#entries + 1] = { tail.n, event, data, tail.hash }
end

for i = first_arg, #ARGV, 3 do
  local chunk_id, complete = tonumber(ARGV[i]), ARGV[i + 2]
  if chunk_id < next_chunk then
    doubled = doubled + 1
  elseif chunk_id > next_chunk and not closes_gap then
    break
  else
    if chunk_id > next_chunk then
      add('chunk', gap_head .. next_chunk .. gap_rest)
      gaps, closes_gap = gaps + 1, false
    end
    add('chunk', ARGV[i + 1])
    next_chunk = chunk_id + 1
    if complete ~= '' then
      add('message_complete', complete)
      ended = 1
      break
    end
  end
end

if #entries > 0 then
  save_end(meta, tail)
  redis.call('HSET', run, 'plain_next', next_chunk)
  if ended == 1 then
    local at = { meta = meta, log = log, run = run, waiting = waiting, open = open, runs = runs,
      to_settle = to_settle }
    end_run(at, tail, session, message, redis.call('SMEMBERS', connections), keep)
    if redis.call('HGET', meta, 'plain') == message then
      redis.call('HDEL', meta, 'plain')
    end
  end
  if redis.call('ZCARD', waiting) == 0 then
    -- No message with a turn is unfinished. A message without one can stop halfway and must not be kept forever.
    if ended == 1 then
      belongs_in_history(meta, to_settle, session, tail.n)
    else
      redis.call('EXPIRE', run, keep.seconds)
      remember_run(runs, message, keep.seconds)
      redis.call('EXPIRE', runs, keep.seconds)
    end
    redis.call('EXPIRE', log, keep.seconds)
    local left = redis.call('TTL', meta)
    if left >= 0 and left < keep.seconds then
      redis.call('EXPIRE', meta, keep.seconds)
    end
  end
end
return { 'OK', tail.gen, tail.n, tail.hash, next_chunk, doubled, gaps, ended, entries }
