-- Brings back a run that waited for its user when Redis lost it, together with the user's answer: as if it had waited and
-- been resumed here. It is answered after what the session has been asked since.
-- KEYS meta, log, run, connections, waiting, open, runs, tools, history, turns
-- ARGV session, message, user, fresh generation, answer, question or '', status chunk up to its chunk id, the rest of it,
--      message event up to its parent, incarnation, seconds to keep tool calls, number of the run's
--      fields, number of the tool calls' fields, then each field and its value, then the chunks
-- answers as resume.lua, or KNOWN when the run is here
local meta, log, run, connections, waiting, open, runs, tools, history, turns = unpack(KEYS)
local session, message, user, generation, answer, question, head, rest, event_head = unpack(ARGV, 1, 9)
local incarnation, keep_tools = ARGV[10], tonumber(ARGV[11])

local at = { meta = meta, log = log, waiting = waiting, runs = runs, history = history, turns = turns,
  run_prefix = string.sub(run, 1, #run - #message) }

local owner = owner_of(at)
if owner and owner ~= user then
  return { 'UNKNOWN' }
elseif redis.call('EXISTS', run) == 1 then
  return { 'KNOWN' }
end
local function fields(first, count)
  local found = {}
  for i = 0, count - 1 do
    found[ARGV[first + 2 * i]] = ARGV[first + 2 * i + 1]
  end
  return found
end
local first_tool = 14 + 2 * tonumber(ARGV[12])
local first_chunk = first_tool + 2 * tonumber(ARGV[13])
local kept = fields(14, tonumber(ARGV[12]))
if question ~= '' and question ~= kept.question then
  return { 'NOT_WAITING' }
end

-- A run that was evicted alone has its chunks in this log: with them it comes into another.
begin(at, user, generation, redis.call('ZSCORE', runs, message))
if incarnation ~= '' then
  redis.call('HSET', meta, 'incarnation', incarnation) -- what the run has outside goes by this name
end
local tail = log_end(meta, log)
local parent = kept.parent or ''
add_entry(log, tail, 'message', event_head .. (parent == '' and 'null' or '"' .. parent .. '"') .. '}')
local asked = tail.n
for i = first_chunk, #ARGV do
  add_entry(log, tail, 'chunk', ARGV[i])
end
local chunk_id = #ARGV - first_chunk + 1
local data = head .. chunk_id .. rest
add_entry(log, tail, 'chunk', data)
save_end(meta, tail)

for _, field in ipairs({ 'append_token', 'append_chunk', 'append_first', 'append_hash', 'append_end', 'swept' }) do
  kept[field] = nil
end
for field, value in pairs(kept) do
  redis.call('HSET', run, field, value)
end
for field, value in pairs(fields(first_tool, tonumber(ARGV[13]))) do
  redis.call('HSET', tools, field, value)
end
redis.call('EXPIRE', tools, keep_tools)
local arrival = redis.call('HINCRBY', meta, 'arrivals', 1)
local answers, resumes = tonumber(kept.answers or 0) + 1, tonumber(kept.resumes or 0) + 1
-- It is nobody's, and goes on after the chunks that it has: the next claim takes that from plain_next.
redis.call('HSET', run, 'status', 'accepted', 'owner', user, 'arrival', arrival, 'asked', asked, 'first', asked + 1,
  'plain_next', chunk_id + 1, 'answers', answers, 'answer' .. answers, answer, 'resumes', resumes, 'resumed', tail.n,
  'last_answer', answer, 'answered', kept.question)
redis.call('HSETNX', meta, 'latest', message)
redis.call('ZADD', waiting, arrival, message)
redis.call('ZADD', runs, '+inf', message)
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
local look_ms = redis.call('ZCARD', waiting) == 1 and LOOK_SOON_MS or LOOK_LATER_MS
redis.call('ZADD', open, now_ms + look_ms, session .. ':' .. message)
redis.call('HSETNX', meta, 'created', now_ms)
redis.call('PERSIST', meta)
redis.call('PERSIST', log)
redis.call('PERSIST', runs)
return { 'OK', tail.gen, tail.n, tail.hash, data, redis.call('SMEMBERS', connections), kept.body, resumes }
