-- A new epoch for channels whose mark is past its deadline. Any process may do it at any time; each mark counts once.
-- KEYS: count, generation, marks
-- ARGV: marks at most, then the beginnings of the names of metas, streams and announcement channels
-- Answer: stamp, how many marks
local overdue = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', milliseconds(), 'LIMIT', 0, ARGV[1])
for _, mark in ipairs(overdue) do
  redis.call('ZREM', KEYS[3], mark)
  -- A mark begins with the length of the channel's name.
  local length, rest = string.match(mark, '^(%d+):(.*)$')
  local channel = string.sub(rest, 1, length)
  forget(ARGV[2] .. channel, ARGV[3] .. channel)
  redis.call('PUBLISH', ARGV[4] .. channel, 'd:' .. counted())
end
return {stamp(), #overdue}
