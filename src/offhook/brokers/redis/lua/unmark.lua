-- Nothing was to be published after all.
-- KEYS: count, generation, marks
-- ARGV: the marks
-- Answer: stamp
for _, mark in ipairs(ARGV) do
  redis.call('ZREM', KEYS[3], mark)
end
return {stamp()}
