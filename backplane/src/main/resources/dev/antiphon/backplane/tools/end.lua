-- Records what came of a call, if the caller is still the one who began it.
-- ARGV …, outcome
-- answers OK | FENCED
if fenced() or redis.call('HGET', tools, intent) ~= mine then
  return { 'FENCED' }
end
redis.call('HSET', tools, outcome, ARGV[7])
redis.call('EXPIRE', tools, seconds)
return { 'OK' }
