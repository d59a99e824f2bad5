-- Forgets that answers ended unseen, once a reader was sent them. Others may have become unseen meanwhile.
-- KEYS meta
-- ARGV the end of the unseen that attach told
local meta, upto = KEYS[1], tonumber(ARGV[1])
local found = redis.call('HMGET', meta, 'unseen', 'unseen_end')
if found[1] then
  if tonumber(found[2]) <= upto then
    redis.call('HDEL', meta, 'unseen', 'unseen_end')
  elseif tonumber(found[1]) < upto then
    redis.call('HSET', meta, 'unseen', upto)
  end
end
return 1
