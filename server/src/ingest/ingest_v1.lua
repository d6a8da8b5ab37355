#!lua name=ingest_v1
-- The durable queue of messages while Postgres is away. One stream per Redis server, in the order of arrival, plus:
--   ingest:pending  conversation -> how many of its messages wait; while it is there its later messages queue behind them
--   ingest:ids      message id -> time of acceptance; a resend finds itself
--   ingest:bytes    size of all rows
--   ingest:lock     token of the one pod that drains
--   ingest:watch    since when this Redis has been watched; gone after a wipe
-- Two releases run side by side: change a function's arguments or data only under a new name.

-- Longer than a lease (5 s): after a restart or a wipe every pod that lives has spoken again.
local SETTLE_MS = 6000

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function watched_since(p)
  local since = redis.call('GET', p .. 'ingest:watch')
  if since then return tonumber(since) end
  redis.call('SET', p .. 'ingest:watch', string.format('%d', now_ms()))
  return now_ms()
end

-- Leases are whole: a pod that reaches Postgres and has not been able to say so yet would be overlooked.
local function is_settled(p)
  local uptime = tonumber(string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')) or 0
  return uptime * 1000 >= SETTLE_MS and now_ms() - watched_since(p) >= SETTLE_MS
end

local function someone_reaches_postgres(p)
  for _, pod in ipairs(redis.call('SMEMBERS', p .. 'pods')) do
    local lease = redis.call('GET', p .. 'pod:' .. pod .. ':lease')
    if lease and string.find(lease, '"postgres":true', 1, true) then return true end
  end
  return false
end

-- prefix conversation id row at maxEntries maxBytes
-- -> { 'queued', at } | { 'duplicate', at of the first } | { 'direct' } | { 'unknown' } | { 'full' }
local function enqueue(_, a)
  local p, conversation, id, row, at = a[1], a[2], a[3], a[4], a[5]
  local first = redis.call('HGET', p .. 'ingest:ids', id)
  if first then
    -- Written again, so that WAITAOF of this connection covers it.
    redis.call('HSET', p .. 'ingest:ids', id, first)
    return { 'duplicate', first }
  end
  if redis.call('HEXISTS', p .. 'ingest:pending', conversation) == 0 then
    if someone_reaches_postgres(p) then return { 'direct' } end
    if not is_settled(p) then return { 'unknown' } end
  end
  local bytes = tonumber(redis.call('GET', p .. 'ingest:bytes')) or 0
  if redis.call('XLEN', p .. 'ingest:queue') >= tonumber(a[6]) or bytes + #row > tonumber(a[7]) then return { 'full' } end
  redis.call('XADD', p .. 'ingest:queue', '*', 'r', row)
  redis.call('HINCRBY', p .. 'ingest:pending', conversation, 1)
  redis.call('HSET', p .. 'ingest:ids', id, at)
  redis.call('INCRBY', p .. 'ingest:bytes', #row)
  return { 'queued', at }
end

-- prefix -> conversations with waiting messages. Starts the watch.
local function pending(_, a)
  watched_since(a[1])
  return redis.call('HKEYS', a[1] .. 'ingest:pending')
end

-- prefix token lockMs count -> the oldest entries, for whoever holds or gets the lock
local function claim(_, a)
  local p, token = a[1], a[2]
  if redis.call('XLEN', p .. 'ingest:queue') == 0 then return {} end
  local owner = redis.call('GET', p .. 'ingest:lock')
  if owner and owner ~= token then return {} end
  redis.call('SET', p .. 'ingest:lock', token, 'PX', a[3])
  return redis.call('XRANGE', p .. 'ingest:queue', '-', '+', 'COUNT', a[4])
end

-- prefix token (entry conversation id)… -> how many were removed; nothing without the lock
local function remove(_, a)
  local p = a[1]
  if redis.call('GET', p .. 'ingest:lock') ~= a[2] then return 0 end
  local removed = 0
  for i = 3, #a, 3 do
    local entry = redis.call('XRANGE', p .. 'ingest:queue', a[i], a[i])[1]
    if entry then
      redis.call('XDEL', p .. 'ingest:queue', a[i])
      redis.call('DECRBY', p .. 'ingest:bytes', #entry[2][2])
      redis.call('HDEL', p .. 'ingest:ids', a[i + 2])
      if redis.call('HINCRBY', p .. 'ingest:pending', a[i + 1], -1) <= 0 then redis.call('HDEL', p .. 'ingest:pending', a[i + 1]) end
      removed = removed + 1
    end
  end
  return removed
end

-- prefix token: the next pod need not wait for the lock to run out
local function release(_, a)
  if redis.call('GET', a[1] .. 'ingest:lock') == a[2] then redis.call('DEL', a[1] .. 'ingest:lock') end
  return 0
end

redis.register_function('ingest_v1_enqueue', enqueue)
redis.register_function('ingest_v1_pending', pending)
redis.register_function('ingest_v1_claim', claim)
redis.register_function('ingest_v1_remove', remove)
redis.register_function('ingest_v1_release', release)
