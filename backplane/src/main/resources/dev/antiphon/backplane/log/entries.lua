-- Placed before the scripts that need it: the only way for an entry to get its number and hash, and for a message
-- to end.

-- The end of the log, or nil when there is no log. With `log`, also nil when no entry of it is left; with `runs`, also
-- when the index of runs is lost: an index created again with this message only would let an ended message be answered
-- again in this log.
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

-- Adds one entry and moves `tail` (from log_end) onto it. The caller stores the new tail with save_end after its
-- last entry.
local function add_entry(log, tail, event, data)
  tail.n = tail.n + 1
  tail.hash = next_hash(tail.hash, event, data)
  redis.call('XADD', log, tail.n .. '-0', 'e', event, 'd', data, 'h', tail.hash)
end

local function save_end(meta, tail)
  redis.call('HSET', meta, 'n', tail.n, 'hash', tail.hash)
end

-- Whether all data behind the log's numbers is present. A Redis that is full might have evicted single keys: the log,
-- the index of runs, the waiting line, or the run of its oldest message.
local function is_whole(at, n)
  if not n or (n ~= '0' and redis.call('EXISTS', at.log, at.runs) < 2) then
    return false
  end
  -- Waiting messages have the latest expiry of all: none.
  local waiting = redis.call('ZCARD', at.waiting)
  if redis.call('ZCOUNT', at.runs, '+inf', '+inf') ~= waiting then
    return false
  end
  local oldest = waiting > 0 and redis.call('ZRANGE', at.waiting, 0, 0)[1]
  return not oldest or redis.call('HEXISTS', at.run_prefix .. oldest, 'body') == 1
end

-- Shows the unfinished messages again in a log that has just begun; each run starts from its beginning. Its chunks and
-- its place in the old log are lost, and readers must never see half of an answer. The sweeper checks these messages
-- soon: one that waited for its user is in no queue, and another worker might have released the others.
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

-- Begins the log of a session, whose owner is the first user that names it. Begins it again when all its entries have
-- expired, or when some of its data is missing, so that readers start again and never see wrong numbers. Number 0 is
-- the place before the first entry.
-- Returns whether the session is new. `lost` says that the caller has found other missing data; at.incarnation is
-- the database's.
local function begin(at, owner, generation, lost)
  local n = redis.call('HGET', at.meta, 'n')
  if not lost and is_whole(at, n) then
    return false
  end
  local known, incarnation
  if not n then
    known, incarnation = owner_of(at)
  end
  -- This first: a Redis that is full refuses a script only at its first addition.
  redis.call('HSET', at.meta, 'owner', owner, 'gen', generation, 'n', 0, 'hash', '00000000')
  redis.call('HDEL', at.meta, 'active', 'token', 'worker', 'next', 'ended', 'settled', 'unseen', 'unseen_end', 'refused',
    'plain')
  if not n then
    -- Identifies the session of one owner for as long as the session is that owner's. The generation cannot: it changes
    -- when a log begins again for the same owner. Another user can take a name that was deleted or has expired. An
    -- owner who is known from the history, a run or the database keeps the incarnation.
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

-- Remembers for so many seconds that a message has a run, so that erasing the session finds it. Removes expired ones.
local function remember_run(runs, message, seconds)
  local now = tonumber(redis.call('TIME')[1])
  redis.call('ZADD', runs, now + seconds, message)
  redis.call('ZREMRANGEBYSCORE', runs, '-inf', '(' .. now)
end

-- Records that all answers up to `n` have ended and belong in the history.
local function belongs_in_history(meta, to_settle, session, n)
  redis.call('HSET', meta, 'ended', n)
  local now = redis.call('TIME')
  redis.call('ZADD', to_settle, 'NX', now[1] * 1000 + math.floor(now[2] / 1000) + SETTLE_AFTER_MS, session)
end

-- Identifies this end of a run, or the place where it waits for its user. The time makes the id different from that of
-- the same chunks before Redis lost them; it is compared for equality only.
local function rests(run, tail)
  local now = redis.call('TIME')
  redis.call('HSET', run, 'rested', tail.n .. '.' .. tail.hash .. '.' .. now[1] .. '.' .. now[2])
end

-- Finishes a message whose last entry has just been added: it leaves the waiting line, its run is done, and the session
-- begins to expire if no other message is unfinished. The owner is remembered longer than the history. `at` names the
-- keys; `keep` has seconds, owner_seconds and working, the prefix of the workers' sets of runs.
local function end_run(at, tail, session, message, members, keep)
  local held = redis.call('HMGET', at.meta, 'active', 'worker', 'ended', 'unseen')
  local ended_before = tonumber(held[3] or 0)
  local first = redis.call('ZRANGE', at.waiting, 0, 0)[1]
  if #members == 0 then
    -- No client is connected: the next one without an id gets this answer from its start, and other unseen answers
    -- before it. A message that was cancelled while it waited is inside the answer before it.
    local first_run = string.sub(at.run, 1, #at.run - #message) .. (first or message)
    local asked = redis.call('HGET', first_run, 'asked') or redis.call('HGET', at.run, 'asked')
    local start = math.max(ended_before, tonumber(asked) - 1)
    redis.call('HSET', at.meta, 'unseen', math.min(start, tonumber(held[4] or start)), 'unseen_end', tail.n)
  end
  if held[1] == message then
    redis.call('HDEL', at.meta, 'active', 'token', 'worker', 'next', 'refused')
    redis.call('SREM', keep.working .. held[2], session .. ':' .. message)
  end
  -- A message that was cancelled while it waited is inside the answer before it, which begins where it began.
  local had_turn = first == message
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
