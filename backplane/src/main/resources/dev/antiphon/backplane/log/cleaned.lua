-- Removes a clean-up that is done.
-- KEYS cleanups, details
-- ARGV id
-- answers 1
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return { 1 }
