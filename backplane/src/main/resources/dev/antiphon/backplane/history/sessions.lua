-- A user's sessions, the most recently answered first.
-- KEYS sessions
-- ARGV history key prefix, most, seconds that the history is kept, then the end of the previous page: millisecond and
--      session, both '' for the first page; then the user and the meta key prefix
-- answers {{session, title, created, updated}…} whether-there-are-more
local sessions, history_prefix, user, meta_prefix = KEYS[1], ARGV[1], ARGV[6], ARGV[7]
local most, keep_seconds, before, before_session = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]

local now = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', sessions, '-inf', now[1] * 1000 - keep_seconds * 1000)
local all, at = redis.call('ZCARD', sessions), 0
if before ~= '' then
  if redis.call('ZSCORE', sessions, before_session) == before then
    at = redis.call('ZREVRANK', sessions, before_session) + 1
  else
    at = redis.call('ZCOUNT', sessions, '(' .. before, '+inf') -- it was answered again meanwhile, or erased
  end
end
local found = {}
while #found < most and at < all do
  local page = redis.call('ZREVRANGE', sessions, at, at + most - 1, 'WITHSCORES')
  for i = 1, #page, 2 do
    if #found == most then
      break
    end
    at = at + 1
    local session, updated = page[i], page[i + 1]
    local known = redis.call('HMGET', history_prefix .. session, ':title', ':created', ':owner')
    if not known[3] then -- stored there before the history had the field
      known = redis.call('HMGET', meta_prefix .. session, 'title', 'created', 'owner')
    end
    if known[1] and known[3] == user then
      found[#found + 1] = { session, known[1], known[2] or updated, updated }
    end
  end
end
return { found, at < all and 1 or 0 }
