-- Restores a run that waits for its user and that Redis has lost, in the state in which it waited: in the log, with its
-- question. It has the session's turn if no other message is unfinished; otherwise it follows those messages.
-- KEYS meta, log, run, waiting, open, runs, tools, history, turns
-- ARGV session, message, user, fresh generation, message event up to its parent, incarnation, ms until which it waits,
--      seconds to keep tool calls after that, number of the run's fields, number of the tool calls' fields, then each field
--      and its value, then the chunks
-- answers RESTORED | KNOWN, when the run is here | FOREIGN
local meta, log, run, waiting, open, runs, tools, history, turns = unpack(KEYS)
local session, message, user, generation, event_head, incarnation, until_ms = unpack(ARGV, 1, 7)
local keep_tools, run_fields, tool_fields = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

local at = { session = session, meta = meta, log = log, waiting = waiting, open = open, runs = runs, history = history, turns = turns,
  run_prefix = string.sub(run, 1, #run - #message), incarnation = incarnation }

local owner = owner_of(at)
if owner and owner ~= user then
  if redis.call('HEXISTS', meta, 'unsure') == 0 then
    return { 'FOREIGN' }
  end
  throw_out(at) -- entered while the database was unavailable
end
if redis.call('EXISTS', run) == 1 then
  return { 'KNOWN' }
end
local function fields(first, count)
  local found = {}
  for i = 0, count - 1 do
    found[ARGV[first + 2 * i]] = ARGV[first + 2 * i + 1]
  end
  return found
end
local first_tool = 11 + 2 * run_fields
local first_chunk = first_tool + 2 * tool_fields
local kept = fields(11, run_fields)

-- The chunks of a run that was evicted alone are still in this log: the restored run needs a new log.
begin(at, user, generation, redis.call('ZSCORE', runs, message))
local tail = log_end(meta, log)
local parent = kept.parent or ''
add_entry(log, tail, 'message', event_head .. (parent == '' and 'null' or '"' .. parent .. '"') .. '}')
local asked = tail.n
for i = first_chunk, #ARGV do
  add_entry(log, tail, 'chunk', ARGV[i])
end
local chunks = #ARGV - first_chunk + 1
save_end(meta, tail)

-- The places of its entries in the lost log.
for _, field in ipairs({ 'append_token', 'append_chunk', 'append_first', 'append_hash', 'append_end', 'swept', 'resumed',
  'last_answer', 'answered' }) do
  kept[field] = nil
end
for field, value in pairs(kept) do
  redis.call('HSET', run, field, value)
end
for field, value in pairs(fields(first_tool, tool_fields)) do
  redis.call('HSET', tools, field, value)
end
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('EXPIRE', tools, math.max(0, math.ceil((tonumber(until_ms) - now_ms) / 1000)) + keep_tools)
local arrival = redis.call('HINCRBY', meta, 'arrivals', 1)
-- It has no worker, and continues after its last chunk.
redis.call('HSET', run, 'status', 'parked', 'owner', user, 'incarnation', incarnation, 'arrival', arrival, 'asked', asked,
  'first', asked + 1, 'plain_next', chunks)
if redis.call('ZCARD', waiting) == 0 then
  redis.call('HSET', meta, 'active', message, 'token', '', 'worker', '', 'next', chunks)
end
redis.call('HSETNX', meta, 'latest', message)
redis.call('ZADD', waiting, arrival, message)
redis.call('ZADD', runs, '+inf', message)
redis.call('ZADD', open, until_ms, session .. ':' .. message)
redis.call('HSETNX', meta, 'created', now_ms)
redis.call('PERSIST', meta)
redis.call('PERSIST', log)
redis.call('PERSIST', runs)
return { 'RESTORED' }
