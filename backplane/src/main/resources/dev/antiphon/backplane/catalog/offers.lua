-- Lists the offers of one kind. Removes the expired offers of every kind.
-- KEYS catalog
-- ARGV the kind's prefix
-- answers {details…}, by name
local catalog, prefix = KEYS[1], ARGV[1]
local now = tonumber(redis.call('TIME')[1])

local names, details = {}, {}
local found = redis.call('HGETALL', catalog)
for i = 1, #found, 2 do
  local name = found[i]
  local expires, offer = string.match(found[i + 1], '^(%d+) (.*)$')
  if tonumber(expires) < now then
    redis.call('HDEL', catalog, name)
  elseif string.sub(name, 1, #prefix) == prefix then
    names[#names + 1] = name
    details[name] = offer
  end
end
table.sort(names)
local offers = {}
for _, name in ipairs(names) do
  offers[#offers + 1] = details[name]
end
return offers
