-- Members of some channels are there for a while. (protocol §15.4)
-- KEYS: count, generation, then members and until of each channel
-- ARGV: ms, then for each channel the number of its members, and client and info of each
-- Answer: stamp
demand_room()
local till = string.format('%.0f', milliseconds() + ARGV[1])
local at = 2
for index = 3, #KEYS, 2 do
  local last = at + 2 * tonumber(ARGV[at])
  for place = at + 1, last, 2 do
    redis.call('HSET', KEYS[index], ARGV[place], ARGV[place + 1])
    redis.call('ZADD', KEYS[index + 1], till, ARGV[place])
  end
  at = last + 1
  local ttl = math.max(redis.call('PTTL', KEYS[index]), tonumber(ARGV[1]))
  redis.call('PEXPIRE', KEYS[index], ttl)
  redis.call('PEXPIRE', KEYS[index + 1], ttl)
end
return {stamp()}
