-- What has ended in a session's log and is not in its history yet.
-- KEYS meta, log
-- ARGV run key prefix, most entries
-- answers OK gen up-to owner {{event, data}…} {{message, body, parent}…} created hash-of-up-to | NONE
local meta, log = unpack(KEYS)
local run_prefix, most = ARGV[1], tonumber(ARGV[2])

local found = redis.call('HMGET', meta, 'gen', 'settled', 'ended', 'owner', 'created')
local settled, ended = tonumber(found[2] or 0), tonumber(found[3] or 0)
if not found[1] or settled >= ended then
  return { 'NONE' }
end
local entries, requests, up_to, hash = {}, {}, settled, ''
for _, entry in ipairs(redis.call('XRANGE', log, (settled + 1) .. '-0', ended .. '-0', 'COUNT', most)) do
  local fields = entry[2]
  entries[#entries + 1] = { fields[2], fields[4] }
  if fields[2] == 'message_complete' then
    local message = cjson.decode(fields[4])['message_id']
    local run = redis.call('HMGET', run_prefix .. message, 'body', 'parent')
    requests[#requests + 1] = { message, run[1] or '', run[2] or '' }
    up_to = tonumber(string.match(entry[1], '^%d+'))
    hash = fields[6]
  end
end
if up_to == settled then
  -- The answer alone is longer than what is looked at, or was trimmed away: what can be had of it is passed over.
  up_to = ended
end
return { 'OK', found[1], up_to, found[4], entries, requests, found[5] or '0', hash }
