-- Removes the members of a plain pod without a listener from one session.
-- KEYS connections, the pod's sign of life, the pod's own connections
-- ARGV pod
-- answers how many members were removed
local connections, alive, pod_connections = unpack(KEYS)
local pod = ARGV[1]

if redis.call('EXISTS', alive, pod_connections) > 0 then
  return { 0 } -- one of ours: it reads the log without rings, and a reaper removes it when it is dead
end
local removed = 0
for _, member in ipairs(redis.call('SMEMBERS', connections)) do
  if string.match(member, '^(.*):[^:]*$') == pod then
    removed = removed + redis.call('SREM', connections, member)
  end
end
return { removed }
