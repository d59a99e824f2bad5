-- Records the outcome of a call, if the caller is the one that began it.
-- ARGV …, outcome
-- answers OK | FENCED
if fenced() then
  return { 'FENCED' }
end
local known = redis.call('HMGET', run, 'owner', called)
if redis.call('HGET', tools, intent) ~= mine and known[2] ~= mine then
  return { 'FENCED' }
end
redis.call('HSET', tools, ':owner', known[1] or '', intent, mine, outcome, ARGV[7])
redis.call('EXPIRE', tools, seconds)
return { 'OK' }
