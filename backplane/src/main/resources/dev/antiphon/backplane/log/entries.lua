-- Put before the scripts that need it: the one way an entry gets its number and its hash, and a message its end.

-- Where the log ends, or nil when there is none. With `log`, also nil when no entry of it is left; with `runs`, when the
-- index of runs is lost: made again with this message only, it would let an ended message be answered again in this log.
local function log_end(meta, log, runs)
  local found = redis.call('HMGET', meta, 'gen', 'n', 'hash')
  if not found[1] or (log and found[2] ~= '0' and redis.call('EXISTS', log, runs or log) < 2) then
    return nil
  end
  return { gen = found[1], n = tonumber(found[2]), hash = found[3] }
end

-- The hash of an entry that follows one with `hash`. Java computes the same in EntryId.next.
local function next_hash(hash, event, data)
  return string.sub(redis.sha1hex(hash .. event .. data), 1, 8)
end

-- Adds one entry and moves `tail` (from log_end) onto it. The caller stores the new tail with
-- save_end after its last entry.
local function add_entry(log, tail, event, data)
  tail.n = tail.n + 1
  tail.hash = next_hash(tail.hash, event, data)
  redis.call('XADD', log, tail.n .. '-0', 'e', event, 'd', data, 'h', tail.hash)
end

local function save_end(meta, tail)
  redis.call('HSET', meta, 'n', tail.n, 'hash', tail.hash)
end

-- Whether everything is there that the log's numbers rest on. A Redis that is full may have evicted single keys: the log,
-- the index of runs, the line of those that wait, or the run of the oldest of them.
local function is_whole(at, n)
  if not n or (n ~= '0' and redis.call('EXISTS', at.log, at.runs) < 2) then
    return false
  end
  -- What waits has the latest expiry of all, which is none.
  local waiting = redis.call('ZCARD', at.waiting)
  if redis.call('ZCOUNT', at.runs, '+inf', '+inf') ~= waiting then
    return false
  end
  local oldest = waiting > 0 and redis.call('ZRANGE', at.waiting, 0, 0)[1]
  return not oldest or redis.call('HEXISTS', at.run_prefix .. oldest, 'body') == 1
end

-- Lines up again what is unfinished, in the log that has just begun: each message is shown, and its run starts from its
-- beginning. What is lost of it is what nobody may be shown half of: its chunks and where it stood. The sweeper looks soon
-- after them: one that waited for its user is in no queue, and another worker may have let go of the rest.
local function line_up(at, tail)
  local found = {}
  local function add(messages)
    for _, message in ipairs(messages) do
      local run = redis.call('HMGET', at.run_prefix .. message, 'body', 'parent', 'arrival', 'status')
      if run[1] and run[4] ~= 'done' then
        found[message] = { message = message, body = run[1], parent = run[2] or '', arrival = tonumber(run[3] or 0) }
      end
    end
  end
  add(redis.call('ZRANGE', at.waiting, 0, -1))
  add(redis.call('ZRANGEBYSCORE', at.runs, '+inf', '+inf'))
  local line = {}
  for _, each in pairs(found) do
    line[#line + 1] = each
  end
  table.sort(line, function(one, other)
    return one.arrival < other.arrival
  end)
  redis.call('DEL', at.waiting)
  redis.call('ZREMRANGEBYSCORE', at.runs, '+inf', '+inf')
  for _, each in ipairs(line) do
    local run = at.run_prefix .. each.message
    local parent = each.parent == '' and 'null' or '"' .. each.parent .. '"'
    add_entry(at.log, tail, 'message', '{"message_id":"' .. each.message .. '","role":"user","text":'
      .. cjson.encode(cjson.decode(each.body)['message']) .. ',"parent_id":' .. parent .. '}')
    redis.call('HDEL', run, 'first', 'plain_next', 'checkpoint', 'answers', 'question', 'resumed', 'last_answer', 'answered',
      'append_token', 'append_chunk', 'append_first', 'append_hash', 'append_end')
    redis.call('HSET', run, 'status', 'accepted', 'asked', tail.n)
    redis.call('ZADD', at.waiting, each.arrival, each.message)
    redis.call('ZADD', at.runs, '+inf', each.message)
    redis.call('HSET', at.meta, 'latest', each.message, 'arrivals', each.arrival)
    look_at(at.open, at.session, each.message, LOOK_SOON_MS)
  end
  save_end(at.meta, tail)
  for _, key in ipairs(#line > 0 and { at.meta, at.runs, at.log } or {}) do
    redis.call('PERSIST', key)
  end
end

-- Begins the log of a session, whose owner is the first user that names it, or begins it again: when all its entries have
-- expired, or when something of it is missing, so that readers are told instead of shown numbers that lie. Number 0 is
-- the place before the first entry.
-- Returns whether the session is new. `lost` says that the caller has found more missing, at.incarnation what the database
-- knows.
local function begin(at, owner, generation, lost)
  local n = redis.call('HGET', at.meta, 'n')
  if not lost and is_whole(at, n) then
    return false
  end
  local known, incarnation
  if not n then
    known, incarnation = owner_of(at)
  end
  -- This first: a Redis that is full refuses a script at its first addition only.
  redis.call('HSET', at.meta, 'owner', owner, 'gen', generation, 'n', 0, 'hash', '00000000')
  redis.call('HDEL', at.meta, 'active', 'token', 'worker', 'next', 'ended', 'settled', 'unseen', 'unseen_end', 'refused',
    'plain')
  if not n then
    -- Which owner's session this is, for as long as it is that owner's: the generation changes when a log begins again
    -- for the same owner, and a name that was deleted or has expired may be taken by another. An owner who is known from
    -- the history, a run or the database keeps it.
    local durable = (at.incarnation or '') ~= '' and at.incarnation
    redis.call('HSETNX', at.meta, 'incarnation', known == owner and incarnation or durable or generation)
    if not known then
      redis.call('UNLINK', at.turns) -- of another owner, whose conversation is gone
    end
  end
  redis.call('UNLINK', at.log)
  if redis.call('HEXISTS', at.meta, 'latest') == 0 then
    local latest = redis.call('ZREVRANGE', at.turns, 0, 0)[1]
    if latest then
      redis.call('HSET', at.meta, 'latest', latest)
    end
  end
  line_up(at, { gen = generation, n = 0, hash = '00000000' })
  return not n
end

-- Remembers that a message has a run for so long, so that erasing the session finds it; those that have expired go.
local function remember_run(runs, message, seconds)
  local now = tonumber(redis.call('TIME')[1])
  redis.call('ZADD', runs, now + seconds, message)
  redis.call('ZREMRANGEBYSCORE', runs, '-inf', '(' .. now)
end

-- The history is asked for what has ended at once. This is for a caller that dies, and for a history that is unavailable.
local settle_after_ms = 10000

-- Notes that all answers up to `n` have ended and belong in the history.
local function belongs_in_history(meta, to_settle, session, n)
  redis.call('HSET', meta, 'ended', n)
  local now = redis.call('TIME')
  redis.call('ZADD', to_settle, 'NX', now[1] * 1000 + math.floor(now[2] / 1000) + settle_after_ms, session)
end

-- Names this end of a run, or the place where it waits for its user. The time makes it another one than the same chunks had
-- before Redis lost them; it is compared for equality only.
local function rests(run, tail)
  local now = redis.call('TIME')
  redis.call('HSET', run, 'rested', tail.n .. '.' .. tail.hash .. '.' .. now[1] .. '.' .. now[2])
end

-- Closes the books of a message whose last entry has just been added: it leaves the line, its run is done, and the
-- session begins to expire when nothing else of it is unfinished. Whose it is outlives its history.
-- `at` names the keys; `keep` has seconds, owner_seconds and working, the prefix of the workers' sets of runs.
local function end_run(at, tail, session, message, members, keep)
  local held = redis.call('HMGET', at.meta, 'active', 'worker', 'ended', 'unseen')
  local ended_before = tonumber(held[3] or 0)
  if #members == 0 then
    -- Nobody is connected: whoever comes next without an id is shown this answer from its start, and others that
    -- ended unseen before it.
    local start = math.max(ended_before, tonumber(redis.call('HGET', at.run, 'asked')) - 1)
    redis.call('HSET', at.meta, 'unseen', math.min(start, tonumber(held[4] or start)), 'unseen_end', tail.n)
  end
  if held[1] == message then
    redis.call('HDEL', at.meta, 'active', 'token', 'worker', 'next', 'refused')
    redis.call('SREM', keep.working .. held[2], session .. ':' .. message)
  end
  -- A message that was cancelled while it waited lies within the answer before it, which begins where it began.
  local had_turn = redis.call('ZRANGE', at.waiting, 0, 0)[1] == message
  if had_turn then
    belongs_in_history(at.meta, at.to_settle, session, tail.n)
  end
  redis.call('HSET', at.run, 'status', 'done', 'ended', tail.n)
  rests(at.run, tail)
  redis.call('ZREM', at.waiting, message)
  local next_turn = redis.call('ZRANGE', at.waiting, 0, 0)[1]
  local next_run = next_turn and string.sub(at.run, 1, #at.run - #message) .. next_turn
  if had_turn and next_turn and redis.call('HGET', next_run, 'status') ~= 'parked' then
    look_in(at.open, session, next_turn, LOOK_SOON_MS)
  end
  redis.call('ZREM', at.open, session .. ':' .. message)
  redis.call('EXPIRE', at.run, keep.seconds)
  remember_run(at.runs, message, keep.seconds)
  if redis.call('ZCARD', at.waiting) == 0 then
    redis.call('EXPIRE', at.meta, keep.owner_seconds)
    redis.call('EXPIRE', at.log, keep.seconds)
    redis.call('EXPIRE', at.runs, keep.seconds)
  end
end
