-- Placed before the scripts that end a message or a session. In the same step they leave the end of a service's work,
-- and the removal of its data, to any worker, so that no living process is needed.
-- A clean-up is one member of the zset `cleanups` (by the ms at which it is due) and one field of the hash `details`.

-- MOST_CLEANUPS, MOST_HANDLES and WORKER_ENDS_WITHIN_MS come from Policy.java.

-- Remembers where services keep the requests of a run. `told` is a JSON array, or empty.
local function remember_handles(run, told)
  if told == '' then
    return
  end
  local all = cjson.decode(redis.call('HGET', run, 'handles') or '[]')
  for _, handle in ipairs(cjson.decode(told)) do
    for i = #all, 1, -1 do
      if all[i] == handle then
        table.remove(all, i)
      end
    end
    all[#all + 1] = handle
  end
  while #all > MOST_HANDLES do
    table.remove(all, 1)
  end
  redis.call('HSET', run, 'handles', cjson.encode(all))
end

-- The provider that the request names; empty when it leaves the choice to the worker.
local function provider_of(body)
  local read, request = pcall(cjson.decode, body or '')
  local context = read and type(request) == 'table' and request.context
  local provider = type(context) == 'table' and context.ai_provider
  return type(provider) == 'string' and provider or ''
end

-- `at` names the keys: meta, cleanups, details, and run, or nil when no message is being answered; and the incarnation
-- if it differs from that of the run or the session. `whole` means that the session itself is removed, so that services
-- may keep nothing of it.
local function leave_cleanup(at, session, message, whole, lease_prefix)
  if redis.call('ZCARD', at.cleanups) >= MOST_CLEANUPS then
    redis.call('HINCRBY', at.details, 'left_out', 1)
    return
  end
  local held = redis.call('HMGET', at.meta, 'incarnation', 'worker', 'active')
  local known = at.run and redis.call('HMGET', at.run, 'body', 'handles', 'incarnation') or {}
  local is_held = held[3] == message and held[2] and held[2] ~= ''
  local delay = 0
  if is_held and redis.call('EXISTS', lease_prefix .. held[2]) == 1 then
    delay = WORKER_ENDS_WITHIN_MS
  end
  local incarnation = at.incarnation or known[3] or held[1] or ''
  local id = session .. ':' .. incarnation .. ':' .. (whole and '*' or message)
  local clock = redis.call('TIME')
  redis.call('ZADD', at.cleanups, clock[1] * 1000 + math.floor(clock[2] / 1000) + delay, id)
  redis.call('HSET', at.details, id, cjson.encode({ session = session, incarnation = incarnation, message = message,
    whole = whole, provider = provider_of(known[1]), handles = cjson.decode(known[2] or '[]'), tries = 0 }))
end
