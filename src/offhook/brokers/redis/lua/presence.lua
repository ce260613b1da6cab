-- Who is there; what is overdue goes away.
-- KEYS: count, generation, members, until
-- Answer: stamp, client and info of each
local now = milliseconds()
for _, client in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now)) do
  redis.call('HDEL', KEYS[3], client)
  redis.call('ZREM', KEYS[4], client)
end
return {stamp(), redis.call('HGETALL', KEYS[3])}
