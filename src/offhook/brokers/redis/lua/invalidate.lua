-- The stream ends; the next one has a new epoch. A full Redis does it too, because DEL comes first.
-- KEYS: count, generation, meta, stream
-- ARGV: announcement channel
-- Answer: stamp
forget(KEYS[3], KEYS[4])
local now = counted()
redis.call('PUBLISH', ARGV[1], 'd:' .. now)
return {now}
