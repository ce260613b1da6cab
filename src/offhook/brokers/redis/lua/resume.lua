-- A process has a new connection, and says what it has seen.
--
-- A server that was restarted, or a replica that took over, may lack the latest part of what was promised. Whoever
-- comes first to a new run notes how much of the old one survived; everybody compares what they have seen with that.
-- When nobody can vouch for the old run, something may be missing.
--
-- KEYS: count, generation, survived
-- ARGV: epoch candidate, control channel, then run and count of each run that the process has seen (none: it is new)
-- Answer: stamp, whether a new generation began
local id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '?'
local written = redis.call('HMGET', COUNT, 'id', 'run', 'count')
local run, now = written[2] or '0', written[3] or '0'
local was_replaced = written[1] and written[1] ~= id

if was_replaced then
  redis.call('HSET', KEYS[3], run, now)
  redis.call('PEXPIRE', KEYS[3], PUBLISHED)
end
if written[1] ~= id then
  run = string.format('%.0f', redis.call('HINCRBY', COUNT, 'run', 1))
  redis.call('HSET', COUNT, 'id', id)
end

local function is_lost()
  for index = 3, #ARGV, 2 do
    local survived = ARGV[index] == run and now or redis.call('HGET', KEYS[3], ARGV[index])
    if not survived or tonumber(ARGV[index + 1]) > tonumber(survived) then
      return true
    end
  end
  return was_replaced and #ARGV == 2
end

local lost = is_lost()
if lost then
  redis.call('SET', GENERATION, ARGV[1])
  counted()
  redis.call('PUBLISH', ARGV[2], 'd')
end
return {stamp(), lost and 1 or 0}
