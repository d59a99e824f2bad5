-- Placed before the scripts that let a user into a session, or show some of it.
--
-- A Redis that is full can evict any single key, and a database can know a session that Redis has lost. So every key
-- with content also has its owner, and no other user is let in while any such key exists.

-- The owner according to the session's own keys; nil when no key exists, '' (which is not an id) when the keys do not
-- name one. Also the incarnation, where it is known: it is stored next to each owner, because both are lost equally
-- easily. `at` has meta, history, waiting, runs and run_prefix.
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

-- Removes the data that another user has put into a session.
local function throw_out(at)
  for _, message in ipairs(redis.call('ZRANGE', at.runs, 0, -1)) do
    redis.call('DEL', at.run_prefix .. message)
  end
  redis.call('UNLINK', at.meta, at.log, at.waiting, at.runs)
end

-- Whether a user may enter. `durable` is the database's answer: the owner, '' when it knows no such session or there is
-- no database, '?' when it was not asked yet, '!' when it does not answer. In the last case the user is let in and
-- `unsure` is set: the database is asked again later, and then its owner removes the other user.
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

-- Records whether the database has confirmed the owner, once the session has begun. A confirmed session has the
-- incarnation from the database; runs that have begun meanwhile keep their own.
local function confirm(at, durable)
  if durable == '!' then
    redis.call('HSET', at.meta, 'unsure', 1)
  elseif durable ~= '?' and redis.call('HEXISTS', at.meta, 'unsure') == 1 then
    redis.call('HDEL', at.meta, 'unsure') -- only if set: a full Redis does not refuse a script that has already written
    if (at.incarnation or '') ~= '' then
      redis.call('HSET', at.meta, 'incarnation', at.incarnation)
    end
  end
end
