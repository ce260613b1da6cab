-- Append, announce and lift a mark, in one step. (protocol §15.2)
-- KEYS: count, generation, meta, stream, marks, key
-- ARGV: epoch candidate, announcement channel, payload, history size (0: none), history ms, mark, is keyed, key ms,
--       version, version epoch
-- Answer: stamp, offset, epoch
local meta, stream, marks, key = KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local candidate, channel, payload, size, ttl, mark = unpack(ARGV, 1, 6)
local keyed, key_ttl, version, version_epoch = ARGV[7] == '1', ARGV[8], ARGV[9], ARGV[10]

-- As text, because a version may be greater than a double counts exactly.
local function reaches(known, new)
  return #known > #new or (#known == #new and known >= new)
end

local function is_old()
  if version == '0' then
    return false
  end
  local known = redis.call('HMGET', meta, 'version', 'version_epoch')
  if known[1] and (version_epoch == '' or version_epoch == known[2]) and reaches(known[1], version) then
    return true
  end
  redis.call('HSET', meta, 'version', version, 'version_epoch', version_epoch)
  return false
end

local function append()
  local offset = string.format('%.0f', redis.call('HINCRBY', meta, 'top', 1))
  redis.call('PEXPIRE', meta, PUBLISHED)
  redis.call('XADD', stream, 'MAXLEN', '=', size, offset .. '-0', 'p', payload)
  redis.call('PEXPIRE', stream, ttl)
  return offset
end

demand_room()
if mark ~= '' then
  redis.call('ZREM', marks, mark)
end
local first = keyed and redis.call('GET', key)
if first then
  local offset, epoch = string.match(first, '^(%d+):(.*)$')
  return {stamp(), offset, epoch}
end
local offset, epoch = '0', ''
if size ~= '0' then
  epoch, offset = look(meta, stream, candidate)
  if is_old() then
    touch(meta, offset)
    return {stamp(), offset, epoch}
  end
  offset = append()
end
if keyed then
  redis.call('SET', key, offset .. ':' .. epoch, 'PX', key_ttl)
end
local now = counted()
redis.call('PUBLISH', channel, table.concat({'p', now, offset, epoch, payload}, ':'))
return {now, offset, epoch}
