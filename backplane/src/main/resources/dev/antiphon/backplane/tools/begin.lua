-- Records that a tool is about to be called, unless that might already have happened.
-- ARGV …, whether it may be called again ('1' or '0'), most calls of one message
-- answers BEGUN | DONE outcome | UNKNOWN | FULL | FENCED
if fenced() then
  return { 'FENCED' }
end
local known = redis.call('HMGET', run, 'owner', called)
local owner = known[1] or ''
if (redis.call('HGET', tools, ':owner') or owner) ~= owner then
  redis.call('DEL', tools) -- of another user who had this session's name, and whose other keys are gone
end
local found = redis.call('HMGET', tools, intent, outcome)
local before = found[1] or known[2]
if before and before ~= mine then
  local same = string.sub(before, 1, #digest + 1) == digest .. ' '
  if same and found[2] then
    return { 'DONE', found[2] }
  elseif ARGV[7] == '0' then
    return { 'UNKNOWN' }
  end
elseif not before and redis.call('HLEN', tools) > 2 * tonumber(ARGV[8]) then
  return { 'FULL' }
end
redis.call('HSET', tools, ':owner', owner, intent, mine)
redis.call('HDEL', tools, outcome)
redis.call('EXPIRE', tools, seconds)
redis.call('HSET', run, called, mine)
return { 'BEGUN' }
