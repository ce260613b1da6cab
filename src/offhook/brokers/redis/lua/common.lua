-- What the operations share; it stands before each of them.
--
-- Every operation answers with a stamp first, "<run>.<count>": which run of the server this is, and how many steps
-- there were that promise something (a publication, a new epoch, a mark). A process that has seen a stamp finds out
-- whether a later run still has all that there was then.
--
-- A stream belongs to a generation. When Redis turns out to have lost something, a new generation begins, and with it
-- every stream, each when it is next looked at.

local COUNT, GENERATION = KEYS[1], KEYS[2]
local READ, PUBLISHED = 600000, 2592000000

local function milliseconds()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

local function stamp()
  local found = redis.call('HMGET', COUNT, 'run', 'count')
  return (found[1] or '0') .. '.' .. (found[2] or '0')
end

local function counted()
  redis.call('HINCRBY', COUNT, 'count', 1)
  return stamp()
end

-- Fails if Redis has no memory left. A script is refused for that only at its first write, so that one that begins
-- with a write that needs no memory (an expiry) would go on, and grow beyond maxmemory. It stands before all writes.
local function demand_room()
  redis.call('HINCRBY', COUNT, 'count', 0)
end

-- Without metadata, the next operation that looks at the stream begins a new one. It needs no memory.
local function forget(meta, stream)
  redis.call('DEL', meta, stream)
end

-- There is room.
local function begin(meta, stream, epoch)
  redis.call('DEL', meta, stream)
  redis.call('HSET', meta, 'epoch', epoch, 'top', 0, 'generation', redis.call('GET', GENERATION) or '')
  redis.call('PEXPIRE', meta, READ)
end

-- The epoch of every stream that cannot begin, because Redis has no memory left. Nothing can be published to it; when
-- there is memory again it begins with its first publication or read, and a reader with this epoch takes a snapshot.
local FULL = 'full'

-- The epoch and the top of a stream, which begins under *epoch* where there is none.
local function look(meta, stream, epoch)
  local found = redis.call('HMGET', meta, 'epoch', 'top', 'generation')
  if not found[1] or found[3] ~= (redis.call('GET', GENERATION) or '') then
    local refused = redis.pcall('HINCRBY', COUNT, 'count', 0)
    if type(refused) == 'table' and refused.err then
      return FULL, '0'
    end
    begin(meta, stream, epoch)
    return epoch, '0'
  end
  return found[1], found[2]
end

-- The metadata of a stream that was looked at live longer. It stands after everything that may find no room.
local function touch(meta, top)
  redis.call('PEXPIRE', meta, top == '0' and READ or PUBLISHED)
end
