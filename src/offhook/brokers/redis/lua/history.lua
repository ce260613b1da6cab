-- Publications of the past and the top at the same moment. (protocol §15.3)
-- KEYS: count, generation, meta, stream
-- ARGV: epoch candidate, XRANGE or XREVRANGE, from, to, limit (empty: none; 0: the position only)
-- Answer: stamp, top, epoch, entries
local epoch, top = look(KEYS[3], KEYS[4], ARGV[1])
local command, from, to, limit = unpack(ARGV, 2, 5)
local entries = {}
if limit == '' then
  entries = redis.call(command, KEYS[4], from, to)
elseif limit ~= '0' then
  entries = redis.call(command, KEYS[4], from, to, 'COUNT', limit)
end
return {stamp(), top, epoch, entries}
