-- Somebody is no longer there.
-- KEYS: count, generation, members, until
-- ARGV: client
-- Answer: stamp
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
return {stamp()}
