-- Forgets that answers ended unseen, once a reader was sent them: only if no other has become unseen meanwhile.
-- KEYS meta
-- ARGV the `unseen` that attach told
if redis.call('HGET', KEYS[1], 'unseen') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'unseen')
end
return 1
