-- Records that a tool is about to be called, unless that may have happened before.
-- ARGV …, whether it may be called again ('1' or '0'), most calls of one message
-- answers BEGUN | DONE outcome | UNKNOWN | FULL | FENCED
if fenced() then
  return { 'FENCED' }
end
local found = redis.call('HMGET', tools, intent, outcome)
if found[1] and found[1] ~= mine then
  local same = string.sub(found[1], 1, #digest + 1) == digest .. ' '
  if same and found[2] then
    return { 'DONE', found[2] }
  elseif ARGV[7] == '0' then
    return { 'UNKNOWN' }
  end
elseif not found[1] and redis.call('HLEN', tools) >= 2 * tonumber(ARGV[8]) then
  return { 'FULL' }
end
redis.call('HSET', tools, intent, mine)
redis.call('HDEL', tools, outcome)
redis.call('EXPIRE', tools, seconds)
return { 'BEGUN' }
