-- The runs of one worker whose lease is gone. Each leaves the worker's set when it is claimed again; a set that is
-- empty means that the worker can be forgotten.
-- KEYS workers, working, lease
-- ARGV worker, run key prefix
-- answers LIVES | GONE {session message body attempts …}
local workers, working, lease = unpack(KEYS)
local worker, run_prefix = unpack(ARGV)

if redis.call('EXISTS', lease) == 1 then
  return { 'LIVES' }
end
local orphans = {}
for _, each in ipairs(redis.call('SMEMBERS', working)) do
  local session, message = string.match(each, '^(.*):(.*)$')
  local found = redis.call('HMGET', run_prefix .. session .. ':' .. message, 'status', 'body', 'attempts')
  if found[1] == 'running' then
    orphans[#orphans + 1] = { session, message, found[2], found[3] }
  else
    redis.call('SREM', working, each)
  end
end
if #orphans == 0 then
  redis.call('SREM', workers, worker)
end
return { 'GONE', orphans }
