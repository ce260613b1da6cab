-- A process has a new connection, and says what it has seen.
--
-- A server that was restarted, or a replica that took over, may lack the latest part of what was promised. The first
-- process that connects to a new run decides. A server without an append-only file cannot prove that it has everything:
-- what the processes have seen proves nothing about what a process saw that died at the same time. So a new generation
-- begins. With an append-only file the run notes how much survived, and every process compares what it has seen.
--
-- KEYS: count, generation, survived
-- ARGV: epoch candidate, control channel, then run and count of each run that the process has seen (none: it is new)
-- Answer: stamp, whether a new generation began
local ALL = '9007199254740992'
local id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '?'
local is_logged = string.find(redis.call('INFO', 'persistence'), 'aof_enabled:1', 1, true)
local written = redis.call('HMGET', COUNT, 'id', 'run', 'count')
local run, now = written[2] or '0', written[3] or '0'
local was_replaced = written[1] and written[1] ~= id
local lost = was_replaced and (not is_logged or #ARGV == 2)

if written[1] ~= id then
  redis.call('PERSIST', COUNT)  -- a write that needs no memory, so that a full Redis takes what follows
  if was_replaced then
    -- After a new generation there is nothing left that a process could miss of the earlier run.
    redis.call('HSET', KEYS[3], run, lost and ALL or now)
    redis.call('PEXPIRE', KEYS[3], PUBLISHED)
  end
  run = string.format('%.0f', redis.call('HINCRBY', COUNT, 'run', 1))
  redis.call('HSET', COUNT, 'id', id)
end

for index = 3, #ARGV, 2 do
  local survived = ARGV[index] == run and now or redis.call('HGET', KEYS[3], ARGV[index])
  if not survived or tonumber(ARGV[index + 1]) > tonumber(survived) then
    lost = true
  end
end

if lost then
  redis.call('SET', GENERATION, ARGV[1])
  counted()
  redis.call('PUBLISH', ARGV[2], 'd')
end
return {stamp(), lost and 1 or 0}
