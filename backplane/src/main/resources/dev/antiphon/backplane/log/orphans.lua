-- The runs of one worker whose lease has expired. Each leaves the worker's set when it is claimed again; the worker of
-- an empty set can be removed.
-- KEYS workers, working, lease
-- ARGV worker, run key prefix, milliseconds after which a run's request is published a second time
-- answers LIVES | GONE {session message body attempts copy …}
local workers, working, lease = unpack(KEYS)
local worker, run_prefix, copy_after = unpack(ARGV)

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- How many copies of the request are published by now. A copy that a stopped or isolated worker received is useless,
-- and the queue cannot know that. Each pause is twice the previous one.
local function copy(run, attempts, orphaned)
  local attempt, since = string.match(orphaned or '', '^(%d+):(%d+)$')
  if attempt ~= attempts then
    redis.call('HSET', run, 'orphaned', attempts .. ':' .. string.format('%.0f', now))
    return 1
  end
  local waited, pause, copies = now - since, tonumber(copy_after), 1
  while waited >= pause do
    waited, pause, copies = waited - pause, pause * 2, copies + 1
  end
  return copies
end

if redis.call('EXISTS', lease) == 1 then
  return { 'LIVES' }
end
local orphans = {}
for _, each in ipairs(redis.call('SMEMBERS', working)) do
  local session, message = string.match(each, '^(.*):(.*)$')
  local run = run_prefix .. session .. ':' .. message
  local found = redis.call('HMGET', run, 'status', 'body', 'attempts', 'orphaned')
  if found[1] == 'running' then
    orphans[#orphans + 1] = { session, message, found[2], found[3], copy(run, found[3], found[4]) }
  else
    redis.call('SREM', working, each)
  end
end
if #orphans == 0 then
  redis.call('SREM', workers, worker)
end
return { 'GONE', orphans }
