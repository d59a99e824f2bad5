-- Put before the scripts that write: the one way an entry gets its number and its hash.

-- Where the log ends, or nil when there is none.
local function log_end(meta)
  local found = redis.call('HMGET', meta, 'gen', 'n', 'hash')
  if not found[1] then
    return nil
  end
  return { gen = found[1], n = tonumber(found[2]), hash = found[3] }
end

-- Adds one entry and moves `tail` (from log_end) onto it. The caller stores the new tail with
-- save_end after its last entry. Java computes the same hash in EntryId.next.
local function add_entry(log, tail, event, data)
  tail.n = tail.n + 1
  tail.hash = string.sub(redis.sha1hex(tail.hash .. event .. data), 1, 8)
  redis.call('XADD', log, tail.n .. '-0', 'e', event, 'd', data, 'h', tail.hash)
end

local function save_end(meta, tail)
  redis.call('HSET', meta, 'n', tail.n, 'hash', tail.hash)
end

-- Begins a session: its owner is the first user that names it. Number 0 is the place before the first entry.
local function begin(meta, owner, generation)
  redis.call('HSET', meta, 'owner', owner, 'gen', generation, 'n', 0, 'hash', '00000000')
end

-- Closes the books of a message whose last entry has just been added: it leaves the line, its run is done, and the
-- session begins to expire when nothing else of it is unfinished.
-- `at` names the keys; `keep` has seconds and working, the prefix of the workers' sets of runs.
local function end_run(at, tail, session, message, members, keep)
  local held = redis.call('HMGET', at.meta, 'active', 'worker', 'ended')
  local ended_before = tonumber(held[3] or 0)
  if #members == 0 then
    -- Nobody is connected: whoever comes next without an id is shown this answer from its start.
    local asked = tonumber(redis.call('HGET', at.run, 'asked'))
    redis.call('HSETNX', at.meta, 'unseen', math.max(ended_before, asked - 1))
  end
  if held[1] == message then
    redis.call('HDEL', at.meta, 'active', 'token', 'worker', 'next')
    redis.call('SREM', keep.working .. held[2], session .. ':' .. message)
  end
  redis.call('HSET', at.meta, 'ended', tail.n)
  redis.call('HSET', at.run, 'status', 'done', 'ended', tail.n)
  redis.call('ZREM', at.waiting, message)
  redis.call('ZREM', at.open, session .. ':' .. message)
  redis.call('EXPIRE', at.run, keep.seconds)
  if redis.call('ZCARD', at.waiting) == 0 then
    redis.call('EXPIRE', at.meta, keep.seconds)
    redis.call('EXPIRE', at.log, keep.seconds)
  end
end
