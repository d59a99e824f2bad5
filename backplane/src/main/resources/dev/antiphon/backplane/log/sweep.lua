-- Finds one accepted message that has been unfinished for too long and has no worker. Postpones its next check before
-- it hands it out, so that one sweeper acts on it.
-- KEYS open
-- ARGV meta key prefix, run key prefix, waiting key prefix, lease key prefix, most to check
-- answers DUE session message body times-swept | PARKED session message body, whose user has not answered |
--      NONE looked-at
local open = KEYS[1]
local meta_prefix, run_prefix, waiting_prefix, lease_prefix = unpack(ARGV)
local most = tonumber(ARGV[5])

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', open, '-inf', now, 'LIMIT', 0, most)
for _, each in ipairs(due) do
  local session, message = string.match(each, '^(.*):(.*)$')
  local meta, run = meta_prefix .. session, run_prefix .. session .. ':' .. message
  local found = redis.call('HMGET', run, 'status', 'swept', 'body')
  if not found[1] or found[1] == 'done' then
    redis.call('ZREM', open, each) -- its session was deleted, or has ended
  else
    local swept = tonumber(found[2] or 0)
    if found[1] == 'parked' then
      look_in(open, session, message, math.min(LOOK_LATER_MS, LOOK_SOON_MS * 2 ^ swept))
      return { 'PARKED', session, message, found[3] }
    end
    local held = redis.call('HMGET', meta, 'active', 'worker')
    local at_work = held[1] and held[2] ~= '' and redis.call('EXISTS', lease_prefix .. held[2]) == 1
    -- The oldest message, or one that has lost its place, or waits behind one whose run was evicted.
    local first = redis.call('ZRANGE', waiting_prefix .. session, 0, 0)[1]
    local its_turn = first == message or not first
      or redis.call('HEXISTS', run_prefix .. session .. ':' .. first, 'body') == 0
    if at_work or not its_turn then
      look_in(open, session, message, LOOK_LATER_MS)
    else
      look_in(open, session, message, math.min(LOOK_LATER_MS, LOOK_SOON_MS * 2 ^ swept))
      redis.call('HSET', run, 'swept', swept + 1)
      return { 'DUE', session, message, found[3], swept + 1 }
    end
  end
end
return { 'NONE', #due }
