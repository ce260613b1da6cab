-- A new stream under a new epoch.
-- KEYS: count, generation, meta, stream
-- ARGV: epoch candidate, announcement channel
-- Answer: stamp
demand_room()
begin(KEYS[3], KEYS[4], ARGV[1])
local now = counted()
redis.call('PUBLISH', ARGV[2], 'd:' .. now)
return {now}
