-- Keeps a worker's offers, each with the second at which it expires.
-- KEYS catalog
-- ARGV seconds to keep, most offers, then name and details of each
-- answers 1
local catalog, keep, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local now = tonumber(redis.call('TIME')[1])

for i = 3, #ARGV, 2 do
  if redis.call('HEXISTS', catalog, ARGV[i]) == 1 or redis.call('HLEN', catalog) < most then
    redis.call('HSET', catalog, ARGV[i], (now + keep) .. ' ' .. ARGV[i + 1])
  end
end
redis.call('EXPIRE', catalog, keep)
return { 1 }
