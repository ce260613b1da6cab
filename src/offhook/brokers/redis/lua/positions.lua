-- The tops of several streams.
-- KEYS: count, generation, then meta and stream of each channel
-- ARGV: epoch candidate
-- Answer: stamp, then top and epoch of each channel
local answer = {stamp()}
for index = 3, #KEYS, 2 do
  local epoch, top = look(KEYS[index], KEYS[index + 1], ARGV[1])
  answer[#answer + 1] = top
  answer[#answer + 1] = epoch
end
for index = 3, #KEYS, 2 do
  touch(KEYS[index], answer[index - 1])
end
return answer
