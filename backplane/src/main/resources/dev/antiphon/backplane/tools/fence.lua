-- Put before the scripts of the journal.
-- KEYS meta, tools
-- ARGV message, token, step, seconds to keep, digest, nonce, …
local meta, tools = unpack(KEYS)
local message, token, step, seconds, digest, nonce = unpack(ARGV)
-- i:{step} = {digest} {nonce}, recorded before the call; r:{step} = its outcome.
local intent, outcome, mine = 'i:' .. step, 'r:' .. step, digest .. ' ' .. nonce

local function fenced()
  local held = redis.call('HMGET', meta, 'active', 'token')
  return held[1] ~= message or held[2] ~= token
end
