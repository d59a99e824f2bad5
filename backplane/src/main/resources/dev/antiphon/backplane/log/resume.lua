-- Lets a parked run continue with its user's answer: it can be claimed again. A status chunk shows this to all readers.
-- KEYS meta, log, run, connections, open
-- ARGV session, message, user, answer, status chunk up to its chunk id, the rest of it, chunk id of the question
--      or empty
-- answers OK gen n hash data {members} body times-resumed | UNKNOWN | NOT_WAITING
local meta, log, run, connections, open = unpack(KEYS)
local session, message, user, answer, head, rest, question = unpack(ARGV)

-- Whether the answer is for this question: for any question if the caller names none.
local function is_meant(asked)
  return question == '' or question == asked
end

local found = redis.call('HMGET', run, 'status', 'body', 'resumes', 'resumed', 'last_answer', 'question', 'answered')
local tail = log_end(meta, log)
if not found[1] or not tail or redis.call('HGET', meta, 'owner') ~= user then
  return { 'UNKNOWN' }
end
local members = redis.call('SMEMBERS', connections)
local resumes = tonumber(found[3] or 0)
if found[1] ~= 'parked' or not is_meant(found[6]) then
  -- The same answer again is the same call: its reply was lost.
  local same = found[5] == answer and is_meant(found[7])
  local entry = same and redis.call('XRANGE', log, found[4] .. '-0', found[4] .. '-0')[1]
  if entry then
    return { 'OK', tail.gen, tonumber(found[4]), entry[2][6], entry[2][4], members, found[2], resumes }
  end
  return { 'NOT_WAITING' }
end

-- A run that was restored behind another message has no turn yet.
local held = redis.call('HMGET', meta, 'active', 'next')
local has_turn = held[1] == message
local chunk_id = tonumber(has_turn and held[2] or redis.call('HGET', run, 'plain_next'))
local data = head .. chunk_id .. rest
add_entry(log, tail, 'chunk', data)
save_end(meta, tail)
if has_turn then
  redis.call('HSET', meta, 'next', chunk_id + 1)
else
  redis.call('HSET', run, 'plain_next', chunk_id + 1)
end
local answers = redis.call('HINCRBY', run, 'answers', 1)
redis.call('HSET', run, 'status', 'accepted', 'answer' .. answers, answer, 'resumes', resumes + 1,
  'resumed', tail.n, 'last_answer', answer, 'answered', found[6])
look_in(open, session, message, LOOK_SOON_MS)
return { 'OK', tail.gen, tail.n, tail.hash, data, members, found[2], resumes + 1 }
