-- Placed before the scripts of the journal.
-- KEYS meta, tools, run
-- ARGV message, token, step, seconds to keep, digest, nonce, …
local meta, tools, run = unpack(KEYS)
local message, token, step, seconds, digest, nonce = unpack(ARGV)
-- i:{step} = {digest} {nonce}, recorded before the call; r:{step} = its outcome. The run's own record has the first as
-- `called:{step}`, too: a Redis that is full can evict the journal alone.
local intent, outcome, called, mine = 'i:' .. step, 'r:' .. step, 'called:' .. step, digest .. ' ' .. nonce

local function fenced()
  local held = redis.call('HMGET', meta, 'active', 'token')
  return held[1] ~= message or held[2] ~= token
end
