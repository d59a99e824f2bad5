-- The data of the session's run that waits for its user; its chunks are between two entries.
-- KEYS meta, open
-- ARGV session, run key prefix, tools key prefix
-- answers PARKED message owner incarnation deadline-in-ms first-entry last-entry {field, value, …} {field, value, …} | NONE
local meta, open = unpack(KEYS)
local session, run_prefix, tools_prefix = unpack(ARGV)

local held = redis.call('HMGET', meta, 'active', 'owner', 'incarnation', 'n')
local message = held[1]
if not message or redis.call('HGET', run_prefix .. message, 'status') ~= 'parked' then
  return { 'NONE' }
end
local run = run_prefix .. message
local incarnation = redis.call('HGET', run, 'incarnation') or held[3] or ''
return { 'PARKED', message, held[2], incarnation, redis.call('ZSCORE', open, session .. ':' .. message) or '0',
  redis.call('HGET', run, 'first'), held[4], redis.call('HGETALL', run), redis.call('HGETALL', tools_prefix .. message) }
