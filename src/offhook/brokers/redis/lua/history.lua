-- Publications of the past and the top at the same moment. (protocol §15.3)
-- KEYS: count, generation, meta, stream
-- ARGV: epoch candidate, XRANGE or XREVRANGE, from, to, limit (empty: none; 0: the position only), bytes (0: no bound)
-- Answer: stamp, top, epoch, entries; the first entry, and more while they fit into the bytes
local epoch, top = look(KEYS[3], KEYS[4], ARGV[1])
touch(KEYS[3], top)
local command, from, to, limit = unpack(ARGV, 2, 5)
local left = tonumber(ARGV[6])
local AT_ONCE = 64

-- The part of the range that fits, read a few entries at a time: what is left out is not read either.
local function fitting()
  local entries, remaining = {}, limit == '' and math.huge or tonumber(limit)
  while remaining > 0 do
    local part = redis.call(command, KEYS[4], from, to, 'COUNT', math.min(remaining, AT_ONCE))
    for _, entry in ipairs(part) do
      left = left - #entry[2][2]
      if left < 0 and #entries > 0 then
        return entries
      end
      entries[#entries + 1] = entry
    end
    if #part < AT_ONCE then
      return entries
    end
    remaining, from = remaining - #part, '(' .. part[#part][1]
  end
  return entries
end

local entries = {}
if limit ~= '0' and left > 0 then
  entries = fitting()
elseif limit == '' then
  entries = redis.call(command, KEYS[4], from, to)
elseif limit ~= '0' then
  entries = redis.call(command, KEYS[4], from, to, 'COUNT', limit)
end
return {stamp(), top, epoch, entries}
