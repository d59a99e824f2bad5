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
