-- Clears the mark of unseen answers, once a reader has received them. Others might have become unseen meanwhile.
-- KEYS meta
-- ARGV the end of the unseen answers that attach returned
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
