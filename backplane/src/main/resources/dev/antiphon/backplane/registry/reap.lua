-- Removes members of dead pods from the sessions' sets. The dead pod's own set lists them; a removed member leaves that
-- set too, so any number of reapers share the work, and a retry continues where the last call stopped.
-- KEYS pods
-- ARGV alive key prefix, pod connections key prefix, connections key prefix, most pods, most members
-- answers how many members were removed
local pods = KEYS[1]
local alive_prefix, pod_prefix, connections_prefix = unpack(ARGV)
local left = tonumber(ARGV[5])

local removed = 0
for _, pod in ipairs(redis.call('SRANDMEMBER', pods, ARGV[4])) do
  if left > 0 and redis.call('EXISTS', alive_prefix .. pod) == 0 then
    for _, each in ipairs(redis.call('SPOP', pod_prefix .. pod, left)) do
      left = left - 1
      local session, connection = string.match(each, '^([^:]+):(.+)$')
      if session then -- others can write here too
        removed = removed + redis.call('SREM', connections_prefix .. session, pod .. ':' .. connection)
      end
    end
    if redis.call('EXISTS', pod_prefix .. pod) == 0 then
      redis.call('SREM', pods, pod)
    end
  end
end
return { removed }
