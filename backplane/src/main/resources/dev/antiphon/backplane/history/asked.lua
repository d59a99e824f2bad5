-- The request of one message of a session and its parent: from its run, or from its turn if the run has expired.
-- KEYS meta, run, history, waiting, runs
-- ARGV user, message
-- answers RUN body parent | TURN turn | UNKNOWN
local meta, run, history, waiting, runs = unpack(KEYS)
local user, message = ARGV[1], ARGV[2]
local at = { meta = meta, history = history, waiting = waiting, runs = runs,
  run_prefix = string.sub(run, 1, #run - #message) }

if owner_of(at) ~= user then
  return { 'UNKNOWN' }
end
local found = redis.call('HMGET', run, 'body', 'parent', 'owner')
if found[1] and (found[3] or user) == user then
  return { 'RUN', found[1], found[2] or '' }
end
local turn = redis.call('HGET', history, message)
if turn and (redis.call('HGET', history, ':owner') or user) == user then
  return { 'TURN', turn }
end
return { 'UNKNOWN' }
