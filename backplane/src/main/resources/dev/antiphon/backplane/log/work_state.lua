-- Whether a message still needs a worker. Reads only.
-- KEYS meta, run, history
-- ARGV message, run key prefix, lease key prefix
-- answers AT_REST which-end | AT_WORK | FREE
local meta, run, history = unpack(KEYS)
local message, run_prefix, lease_prefix = unpack(ARGV)

local known = redis.call('HMGET', run, 'status', 'rested')
local status = known[1]
if status == 'done' or status == 'refused' or status == 'parked' then
  return { 'AT_REST', known[2] or '' }
elseif not status and redis.call('HEXISTS', history, message) == 1 then
  return { 'AT_REST', '' } -- its run was evicted after its answer was stored
end
local held = redis.call('HMGET', meta, 'active', 'worker')
if status and held[1] then
  if redis.call('HGET', run_prefix .. held[1], 'status') == 'parked' then
    return { 'AT_WORK' } -- the session waits for its user, whose answer rings a worker
  end
  if held[2] ~= '' and redis.call('EXISTS', lease_prefix .. held[2]) == 1 then
    return { 'AT_WORK' }
  end
end
return { 'FREE' }
