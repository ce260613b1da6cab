-- Channels that will be published to.
-- KEYS: count, generation, marks
-- ARGV: ms to the deadline, then the marks
-- Answer: stamp
demand_room()
local deadline = milliseconds() + ARGV[1]
for index = 2, #ARGV do
  redis.call('ZADD', KEYS[3], string.format('%.0f', deadline), ARGV[index])
end
return {counted()}
