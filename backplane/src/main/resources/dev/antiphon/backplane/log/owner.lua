-- Put before the scripts that let a user into a session, or show something of it.
--
-- A Redis that is full may evict any single key, and a database may know a session that Redis has lost. So whatever
-- shows content carries its owner itself, and nobody else is let in while any of it is there.

-- The owner as the session's own keys say; nil when none is there, '' (nobody's id) when they do not say. And, where it is
-- known, the incarnation: it stands next to each owner, because it is as easily lost.
-- `at` has meta, history, waiting, runs and run_prefix.
local function owner_of(at)
  local known = redis.call('HMGET', at.meta, 'owner', 'incarnation')
  if known[1] then
    return known[1], known[2]
  elseif redis.call('EXISTS', at.history) == 1 then
    known = redis.call('HMGET', at.history, ':owner', ':incarnation')
    return known[1] or '', known[2]
  end
  for _, key in ipairs({ at.waiting, at.runs }) do
    for _, message in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      known = redis.call('HMGET', at.run_prefix .. message, 'owner', 'incarnation')
      if known[1] then
        return known[1], known[2]
      end
    end
  end
  return nil
end

-- Removes what somebody has put into a session that is not theirs.
local function throw_out(at)
  for _, message in ipairs(redis.call('ZRANGE', at.runs, 0, -1)) do
    redis.call('DEL', at.run_prefix .. message)
  end
  redis.call('UNLINK', at.meta, at.log, at.waiting, at.runs)
end

-- Whether a user may enter. `durable` is what the database says: the owner, '' when it knows no such session or there is
-- no database, '?' when it was not asked yet, '!' when it does not answer. Then whoever names the session is let in, and
-- `unsure` says so: the database is asked again, and its owner throws the other out.
-- Returns OK | FOREIGN | ASK
local function admit(at, user, durable)
  local owner = owner_of(at)
  if owner and redis.call('HEXISTS', at.meta, 'unsure') == 0 then
    return owner == user and 'OK' or 'FOREIGN'
  elseif durable == '?' then
    return 'ASK'
  elseif durable == '' or durable == '!' then
    return (owner or user) == user and 'OK' or 'FOREIGN'
  elseif durable ~= user then
    return 'FOREIGN'
  end
  if owner and owner ~= user then
    throw_out(at)
  end
  return 'OK'
end

-- Notes whether the database has confirmed the owner, once the session has begun. Then the session has the incarnation that
-- the database knows; what has begun meanwhile keeps its own.
local function confirm(at, durable)
  if durable == '!' then
    redis.call('HSET', at.meta, 'unsure', 1)
  elseif durable ~= '?' and redis.call('HEXISTS', at.meta, 'unsure') == 1 then
    redis.call('HDEL', at.meta, 'unsure') -- not always: a script that has written is not refused by a Redis that is full
    if (at.incarnation or '') ~= '' then
      redis.call('HSET', at.meta, 'incarnation', at.incarnation)
    end
  end
end
