-- The orders that a process has missed, each with its age. (brokers/base.py, Orders)
-- KEYS: count, generation, meta, stream
-- ARGV: epoch candidate, the last offset that the process has, orders at most
-- Answer: stamp, epoch, top, then offset, age in ms and data of each order
local epoch, top = look(KEYS[3], KEYS[4], ARGV[1])
touch(KEYS[3], top)
local answer, now = {stamp(), epoch, top}, milliseconds()
local after = string.format('%.0f', tonumber(ARGV[2]) + 1)
for _, entry in ipairs(redis.call('XRANGE', KEYS[4], after .. '-0', '+', 'COUNT', ARGV[3])) do
  answer[#answer + 1] = string.match(entry[1], '^%d+')
  answer[#answer + 1] = string.format('%.0f', math.max(0, now - entry[2][2]))
  answer[#answer + 1] = entry[2][4]
end
return answer
