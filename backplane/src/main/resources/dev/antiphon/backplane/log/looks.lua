-- Placed before the scripts that need it: when the sweeper checks an unfinished message. Soon: it is the message's turn
-- and no worker has claimed it. Later: a worker has it, whose death orphans.lua notices, or it waits behind another
-- message; when its turn comes or its claim is released, it is checked soon again. So the sweeper never visits healthy
-- messages, however many there are.
-- LOOK_SOON_MS and LOOK_LATER_MS come from Policy.java.

local function in_ms(ms)
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000) + ms
end

local function look_in(open, session, message, ms)
  redis.call('ZADD', open, 'XX', in_ms(ms), session .. ':' .. message) -- only while it is unfinished
end

-- The same for a message that is known to be unfinished.
local function look_at(open, session, message, ms)
  redis.call('ZADD', open, in_ms(ms), session .. ':' .. message)
end
