-- The turns on the path from a message back to the beginning of its conversation, newest first.
-- KEYS run, history
-- ARGV most characters, most turns
-- answers {turn…}
local run, history = unpack(KEYS)
local most, most_turns = tonumber(ARGV[1]), tonumber(ARGV[2])

-- A lower bound for the characters of a stored turn, from its size. JSON needs at most six bytes for one character, and
-- names, ids and numbers are short. A turn that cannot fit is not decoded: decoding takes 49 ms for two megabytes.
local most_other_bytes = 4096
local function fewest_characters(turn)
  return (#turn - most_other_bytes) / 6
end

-- Counts code points: bytes that do not continue one.
local function characters(text)
  local starts = string.gsub(text, '[\128-\191]', '')
  return #starts
end

local path, size = {}, 0
local asks, owns = redis.call('HGET', run, 'owner'), redis.call('HGET', history, ':owner')
if asks and owns and asks ~= owns then
  return path
end
local at = redis.call('HGET', run, 'parent')
while at and at ~= '' and #path < most_turns do
  local turn = redis.call('HGET', history, at)
  if not turn then
    break -- too old, or a parent that a plain publisher made up
  end
  if size + fewest_characters(turn) > most then
    break
  end
  local decoded = cjson.decode(turn)
  size = size + characters(decoded['text']) + characters(decoded['answer'])
  if size > most then
    break
  end
  path[#path + 1] = turn
  at = decoded['parent_id']
  if at == cjson.null then
    at = nil
  end
end
return path
