-- Reads the entries after a cursor, if the log still holds the cursor's place.
-- KEYS meta, log
-- ARGV generation, number, hash, most entries, most bytes
-- answers OK tail-n tail-hash {event, data, hash, event, …} | LOST reason gen tail-n tail-hash | NONE
local meta, log = unpack(KEYS)
local generation, number, hash = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local most, bytes = tonumber(ARGV[4]), tonumber(ARGV[5])

local tail = log_end(meta)
if not tail then
  return { 'NONE' }
end
local function lost(reason)
  return { 'LOST', reason, tail.gen, tail.n, tail.hash }
end
if tail.gen ~= generation then
  return lost('other_generation')
end
if number > tail.n then
  return lost('rolled_back')
end

local found = redis.call('XRANGE', log, math.max(number, 1) .. '-0', '+', 'COUNT', most + 1)
local from = 1
if number > 0 then
  if not found[1] or found[1][1] ~= number .. '-0' then
    return lost('trimmed')
  end
  if found[1][2][6] ~= hash then
    return lost('rolled_back')
  end
  from = 2
elseif tail.n > 0 and (not found[1] or found[1][1] ~= '1-0') then
  return lost('trimmed')
end

-- Flat, with as few tables as possible: one table for each entry made a long read three times as expensive for Redis.
local entries, at, size = {}, 0, 0
for i = from, math.min(#found, from + most - 1) do
  local fields = found[i][2]
  size = size + #fields[4]
  if size > bytes and at > 0 then
    break
  end
  entries[at + 1], entries[at + 2], entries[at + 3] = fields[2], fields[4], fields[6]
  at = at + 3
end
return { 'OK', tail.n, tail.hash, entries }
