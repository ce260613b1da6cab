-- Somebody is there for a while. (protocol §15.4)
-- KEYS: count, generation, members, until
-- ARGV: ms, then client and info of each
-- Answer: stamp
local till = string.format('%.0f', milliseconds() + ARGV[1])
for index = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[3], ARGV[index], ARGV[index + 1])
  redis.call('ZADD', KEYS[4], till, ARGV[index])
end
local ttl = math.max(redis.call('PTTL', KEYS[3]), tonumber(ARGV[1]))
redis.call('PEXPIRE', KEYS[3], ttl)
redis.call('PEXPIRE', KEYS[4], ttl)
return {stamp()}
