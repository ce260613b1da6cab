-- How many connections and users are there; nothing is removed.
-- KEYS: count, generation, members, until
-- Answer: stamp, connections, users
local now = string.format('%.0f', milliseconds())
local connections, users, seen = 0, 0, {}
for _, client in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '(' .. now, '+inf')) do
  local member = redis.call('HGET', KEYS[3], client)
  if member then
    -- A member begins with the length of the user's id.
    local length, rest = string.match(member, '^(%d+):(.*)$')
    local user = string.sub(rest, 1, length)
    connections = connections + 1
    if not seen[user] then
      users, seen[user] = users + 1, true
    end
  end
end
return {stamp(), connections, users}
