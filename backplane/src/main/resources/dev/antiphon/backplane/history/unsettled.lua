-- One page of the ended answers in a session's log that the history does not have yet.
-- KEYS meta, log, sessions to settle
-- ARGV session, run key prefix, most entries, most bytes, then the entry before the page: generation, number and hash;
--      all '' for the first page
-- answers OK gen settled ended owner created first {event, data, hash, …} {{message, whether-asked, body, parent}…}
--      incarnation | NONE | CHANGED, when the log was replaced since the previous page. A body is given once its answer
--      is complete.
local meta, log, to_settle = unpack(KEYS)
local session, run_prefix, most, bytes = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local generation, after, hash = ARGV[5], tonumber(ARGV[6]), ARGV[7]

local found = redis.call('HMGET', meta, 'gen', 'settled', 'ended', 'owner', 'created', 'incarnation')
local settled, ended = tonumber(found[2] or 0), tonumber(found[3] or 0)
if generation ~= '' and generation ~= found[1] then
  return { 'CHANGED' }
elseif not found[1] or settled >= ended then
  redis.call('ZREM', to_settle, session)
  return { 'NONE' }
end
local from = settled + 1
if generation ~= '' then
  local entry = redis.call('XRANGE', log, after .. '-0', after .. '-0')[1]
  if not entry or entry[2][6] ~= hash then
    return { 'CHANGED' } -- Redis has lost its last writes, and might have appended others
  end
  from = after + 1
end

-- Ids have no quotes, and both encoders write them first.
local function message_of(event, data)
  if event == 'chunk' then
    return string.match(data, '^{"session_id":"[^"]*","message_id":"([^"]*)"')
  elseif event == 'message_complete' then
    return string.match(data, '^{"message_id":"([^"]*)"')
  end
end

local entries, at, size, first = {}, 0, 0, ended + 1
local messages, position = {}, {}
for i, entry in ipairs(redis.call('XRANGE', log, from .. '-0', ended .. '-0', 'COUNT', most)) do
  local event, data = entry[2][2], entry[2][4]
  size = size + #data
  if size > bytes and i > 1 then
    break
  end
  if i == 1 then
    first = tonumber(string.match(entry[1], '^%d+'))
  end
  entries[at + 1], entries[at + 2], entries[at + 3] = event, data, entry[2][6]
  at = at + 3
  local message = message_of(event, data)
  if message and not position[message] then
    messages[#messages + 1] = { message, redis.call('HEXISTS', run_prefix .. message, 'body'), '', '' }
    position[message] = #messages
  end
  if event == 'message_complete' and message then
    local run = redis.call('HMGET', run_prefix .. message, 'body', 'parent')
    messages[position[message]] = { message, run[1] and 1 or 0, run[1] or '', run[2] or '' }
  end
end
return { 'OK', found[1], settled, ended, found[4], found[5] or '0', first, entries, messages,
  found[6] or '' }
