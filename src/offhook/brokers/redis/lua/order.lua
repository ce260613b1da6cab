-- Keep an order to all processes, and announce it, in one step. (brokers/base.py, Orders)
-- KEYS: count, generation, meta, stream
-- ARGV: epoch candidate, control channel, data, orders kept, ms kept
-- Answer: stamp
demand_room()
local epoch = look(KEYS[3], KEYS[4], ARGV[1])
local offset = string.format('%.0f', redis.call('HINCRBY', KEYS[3], 'top', 1))
redis.call('PEXPIRE', KEYS[3], PUBLISHED)
local now = string.format('%.0f', milliseconds())
redis.call('XADD', KEYS[4], 'MAXLEN', '=', ARGV[4], offset .. '-0', 't', now, 'd', ARGV[3])
redis.call('PEXPIRE', KEYS[4], ARGV[5])
local stamped = counted()
redis.call('PUBLISH', ARGV[2], table.concat({'o', stamped, offset, epoch, ARGV[3]}, ':'))
return {stamped}
