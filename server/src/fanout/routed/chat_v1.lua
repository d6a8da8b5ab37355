#!lua name=chat_v1
-- Everything that must be one step on Redis: routes, ordered publishing, leases, presence, rate limits.
-- Arguments only, no KEYS: Redis Cluster is not supported. The first argument is always the key prefix.
-- Two releases run side by side: change a function's arguments or data only under a new name (chat_v2).

local ORDER_TTL_MS = 30000    -- a conversation is active, and its order kept, this long after a publish
local POD_TTL_MS = 600000     -- streams of a pod without heartbeats
local DEAD_GRACE_MS = 5000    -- the lease has cost 5 s already; together 10 s until offline
local REAP_USERS = 500

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function pod_key(p, pod, name) return p .. 'pod:' .. pod .. ':' .. name end

local function is_live(p, seen, pod)
  local live = seen[pod]
  if live == nil then
    live = redis.call('EXISTS', pod_key(p, pod, 'lease')) == 1
    seen[pod] = live
  end
  return live
end

local function new_epoch()
  local t = redis.call('TIME')
  return t[1] .. '-' .. t[2]
end

-- Ids of the inbox are its counter, so that a reader sees a gap by arithmetic. Returns the counter.
local function push(p, pod, max, fields)
  local meta = pod_key(p, pod, 'meta')
  local inbox = pod_key(p, pod, 'inbox')
  local n = redis.call('HINCRBY', meta, 'counter', 1)
  if n == 1 then
    redis.call('HSETNX', meta, 'epoch', new_epoch())
    redis.call('DEL', inbox)
  end
  local added = redis.pcall('XADD', inbox, 'MAXLEN', '~', max, n .. '-0', unpack(fields))
  if type(added) == 'table' and added.err then
    -- The stream is ahead of the counter (a partial restore): a new epoch tells the pod.
    redis.call('DEL', inbox)
    redis.call('HSET', meta, 'epoch', new_epoch())
    redis.call('XADD', inbox, n .. '-0', unpack(fields))
  end
  return n
end

-- pod -> list of users, live pods only
local function pods_of_users(p, users, first, skip, live, by_pod)
  for i = first, #users do
    for _, pod in ipairs(redis.call('SMEMBERS', p .. 'route:user:' .. users[i])) do
      if pod ~= skip and is_live(p, live, pod) then
        local list = by_pod[pod]
        if list then list[#list + 1] = users[i] else by_pod[pod] = { users[i] } end
      end
    end
  end
end

local function emit(p, order, max, e, skip)
  local live, by_pod = {}, {}
  pods_of_users(p, e.users, 1, skip, live, by_pod)
  if e.routing == 'conversation' then
    for _, pod in ipairs(redis.call('SMEMBERS', p .. 'route:conversation:' .. e.conversation)) do
      if pod ~= skip and not by_pod[pod] and is_live(p, live, pod) then by_pod[pod] = {} end
    end
  end
  for pod, users in pairs(by_pod) do
    local n = push(p, pod, max, { 'k', 'p', 'c', e.conversation, 'f', e.from, 't', e.to, 'v', e.version,
      'r', e.routing, 'u', table.concat(users, ','), 'p', e.text })
    redis.call('HSET', order, 'i:' .. pod, n)
  end
end

local function flush(p, order, max, last)
  while true do
    local field = 'h:' .. string.format('%d', last + 1)
    local raw = redis.call('HGET', order, field)
    if not raw then break end
    redis.call('HDEL', order, field)
    local e = cmsgpack.unpack(raw)
    emit(p, order, max, e, nil)
    last = math.max(last, tonumber(e.to))
  end
  redis.call('HSET', order, 'last', string.format('%d', last))
  redis.call('PEXPIRE', order, ORDER_TTL_MS)
end

-- -> { 'sent', gate } | { 'held', 0 }
-- gate: the inbox position of the calling pod up to which it must have read before it delivers this by itself.
local function publish_in_order(a, is_behind)
  local p, pod, max = a[1], a[2], a[3]
  local users = {}
  for i = 10, #a do users[#users + 1] = a[i] end
  local e = { conversation = a[4], from = a[5], to = a[6], version = a[7], routing = a[8], text = a[9], users = users }
  local order = p .. 'order:' .. e.conversation
  local from = tonumber(e.from)
  local state = redis.call('HMGET', order, 'last', 'i:' .. pod)
  local last = tonumber(state[1])
  -- Nobody published here for a while: whoever came first was first, unless the entry before is known to be as young.
  local is_early = is_behind
  if last then is_early = from > last + 1 end
  if is_early then
    redis.call('HSET', order, 'h:' .. e.from, cmsgpack.pack(e))
    redis.call('PEXPIRE', order, ORDER_TTL_MS)
    return { 'held', 0 }
  end
  emit(p, order, max, e, pod)
  flush(p, order, max, math.max(last or 0, tonumber(e.to)))
  return { 'sent', tonumber(state[2]) or 0 }
end

-- prefix pod max conversation from to version routing text users…
local function publish(_, a) return publish_in_order(a, false) end

-- The same where the entry before `from` was stored less than a second before this one.
local function publish_behind(_, a) return publish_in_order(a, true) end

-- prefix max conversation from: lets a held publish, and all lower ones, go. Functions have no timers: its publisher calls.
local function release(_, a)
  local p, max, from = a[1], a[2], tonumber(a[4])
  local order = p .. 'order:' .. a[3]
  if redis.call('HEXISTS', order, 'h:' .. a[4]) == 0 then return 0 end
  local held = {}
  for _, field in ipairs(redis.call('HKEYS', order)) do
    local seq = tonumber(string.match(field, '^h:(%d+)$'))
    if seq and seq <= from then held[#held + 1] = seq end
  end
  table.sort(held)
  local last = tonumber(redis.call('HGET', order, 'last')) or 0
  for _, seq in ipairs(held) do
    local field = 'h:' .. string.format('%d', seq)
    local e = cmsgpack.unpack(redis.call('HGET', order, field))
    redis.call('HDEL', order, field)
    emit(p, order, max, e, nil)
    last = math.max(last, tonumber(e.to))
  end
  flush(p, order, max, last)
  return #held
end

-- prefix conversation from: 1 while a publish is held
local function is_held(_, a)
  return redis.call('HEXISTS', a[1] .. 'order:' .. a[2], 'h:' .. a[3])
end

-- prefix pod maxVolatile maxInbox except droppable text users…
local function to_users(_, a)
  local p, by_pod = a[1], {}
  pods_of_users(p, a, 8, a[2], {}, by_pod)
  for pod, users in pairs(by_pod) do
    local list = table.concat(users, ',')
    if a[6] == '1' then
      redis.call('XADD', pod_key(p, pod, 'volatile'), 'MAXLEN', '~', a[3], '*', 'u', list, 'x', a[5], 'p', a[7])
    else
      push(p, pod, a[4], { 'k', 'e', 'u', list, 'x', a[5], 'p', a[7] })
    end
  end
  return 0
end

-- prefix pod maxInbox message: to every other live pod
local function control(_, a)
  local live = {}
  for _, pod in ipairs(redis.call('SMEMBERS', a[1] .. 'pods')) do
    if pod ~= a[2] and is_live(a[1], live, pod) then push(a[1], pod, a[3], { 'k', 'c', 'p', a[4] }) end
  end
  return 0
end

-- prefix pod users…
local function attach(_, a)
  for i = 3, #a do
    redis.call('SADD', a[1] .. 'route:user:' .. a[i], a[2])
    redis.call('SADD', pod_key(a[1], a[2], 'users'), a[i])
  end
  return 0
end

local function goes_offline_in(p, user, grace)
  if redis.call('SCARD', p .. 'route:user:' .. user) > 0 then return end
  redis.call('SET', p .. 'presence:grace:' .. user, '1', 'PX', grace)
  redis.call('ZADD', p .. 'presence:due', now_ms() + grace, user)
end

-- prefix pod graceMs users…
local function detach(_, a)
  for i = 4, #a do
    redis.call('SREM', pod_key(a[1], a[2], 'users'), a[i])
    if redis.call('SREM', a[1] .. 'route:user:' .. a[i], a[2]) == 1 then goes_offline_in(a[1], a[i], a[3]) end
  end
  return 0
end

-- prefix pod conversations…
local function join(_, a)
  for i = 3, #a do
    redis.call('SADD', a[1] .. 'route:conversation:' .. a[i], a[2])
    redis.call('SADD', pod_key(a[1], a[2], 'conversations'), a[i])
  end
  return 0
end

local function leave(_, a)
  for i = 3, #a do
    redis.call('SREM', a[1] .. 'route:conversation:' .. a[i], a[2])
    redis.call('SREM', pod_key(a[1], a[2], 'conversations'), a[i])
  end
  return 0
end

-- prefix pod leaseMs lease -> { lapsed, counter, epoch, last volatile id, counter of the newest entry in the inbox }
local function heartbeat(_, a)
  local p, pod = a[1], a[2]
  local meta = pod_key(p, pod, 'meta')
  local old = redis.call('SET', pod_key(p, pod, 'lease'), a[4], 'PX', a[3], 'GET')
  redis.call('SADD', p .. 'pods', pod)
  redis.call('HSETNX', meta, 'epoch', new_epoch())
  for _, name in ipairs({ 'meta', 'inbox', 'volatile' }) do redis.call('PEXPIRE', pod_key(p, pod, name), POD_TTL_MS) end
  local state = redis.call('HMGET', meta, 'counter', 'epoch')
  local newest = redis.call('XREVRANGE', pod_key(p, pod, 'volatile'), '+', '-', 'COUNT', 1)
  local entry = redis.call('XREVRANGE', pod_key(p, pod, 'inbox'), '+', '-', 'COUNT', 1)
  local counter = entry[1] and tonumber(string.match(entry[1][1], '^(%d+)')) or 0
  return { old and 0 or 1, tonumber(state[1]) or 0, state[2], newest[1] and newest[1][1] or '0-0', counter }
end

local function status_of(p, live, user)
  local online = redis.call('EXISTS', p .. 'presence:grace:' .. user) == 1
  if not online then
    for _, pod in ipairs(redis.call('SMEMBERS', p .. 'route:user:' .. user)) do
      if is_live(p, live, pod) then online = true break end
    end
  end
  if not online then return 'offline' end
  local setting = redis.call('GET', p .. 'presence:setting:' .. user) or 'online'
  return setting == 'invisible' and 'offline' or setting
end

-- Tells the watchers' pods when what is shown has changed.
local function announce(p, max, live, user)
  local status = status_of(p, live, user)
  local shown_key = p .. 'presence:shown:' .. user
  if status == (redis.call('GET', shown_key) or 'offline') then return end
  if status == 'offline' then redis.call('DEL', shown_key) else redis.call('SET', shown_key, status) end
  local watch = p .. 'watch:user:' .. user
  for _, pod in ipairs(redis.call('SMEMBERS', watch)) do
    if is_live(p, live, pod) then
      push(p, pod, max, { 'k', 'w', 'u', user, 's', status })
    else
      redis.call('SREM', watch, pod)
    end
  end
end

-- prefix maxInbox setting users…
local function presence_set(_, a)
  local live = {}
  for i = 4, #a do
    redis.call('SET', a[1] .. 'presence:setting:' .. a[i], a[3])
    announce(a[1], a[2], live, a[i])
  end
  return 0
end

-- prefix users… -> statuses
local function presence_get(_, a)
  local live, out = {}, {}
  for i = 2, #a do out[#out + 1] = status_of(a[1], live, a[i]) end
  return out
end

-- prefix pod on users…
local function watch(_, a)
  for i = 4, #a do redis.call(a[3] == '1' and 'SADD' or 'SREM', a[1] .. 'watch:user:' .. a[i], a[2]) end
  return 0
end

local function reap_pod(p, pod)
  local users = redis.call('SPOP', pod_key(p, pod, 'users'), REAP_USERS)
  for _, user in ipairs(users) do
    redis.call('SREM', p .. 'route:user:' .. user, pod)
    goes_offline_in(p, user, DEAD_GRACE_MS)
  end
  local conversations = redis.call('SPOP', pod_key(p, pod, 'conversations'), REAP_USERS)
  for _, id in ipairs(conversations) do redis.call('SREM', p .. 'route:conversation:' .. id, pod) end
  if #users + #conversations > 0 then return end
  redis.call('SREM', p .. 'pods', pod)
  for _, name in ipairs({ 'meta', 'inbox', 'volatile' }) do redis.call('DEL', pod_key(p, pod, name)) end
end

-- prefix maxInbox: clears up after pods whose lease ran out and announces whoever has become offline. Any pod may call it.
local function reap(_, a)
  local p, live = a[1], {}
  for _, pod in ipairs(redis.call('SMEMBERS', p .. 'pods')) do
    if not is_live(p, live, pod) then reap_pod(p, pod) end
  end
  local due = redis.call('ZRANGEBYSCORE', p .. 'presence:due', '-inf', now_ms(), 'LIMIT', 0, REAP_USERS)
  for _, user in ipairs(due) do
    redis.call('ZREM', p .. 'presence:due', user)
    -- Expiry of the grace key may lag the score by a millisecond.
    if redis.call('SCARD', p .. 'route:user:' .. user) == 0 then redis.call('DEL', p .. 'presence:grace:' .. user) end
    announce(p, a[2], live, user)
  end
  return #due
end

-- prefix pod seen: nobody needs again what this pod has read. The last of it stays: it tells how far the inbox reached.
local function trim(_, a)
  return redis.call('XTRIM', pod_key(a[1], a[2], 'inbox'), 'MINID', '~', a[3])
end

-- prefix pod: a pod that ends in order. Its users' grace runs from here.
local function goodbye(_, a)
  redis.call('DEL', pod_key(a[1], a[2], 'lease'))
  return 0
end

-- prefix -> { pod, lease, pod, lease … } of live pods
local function pods(_, a)
  local out = {}
  for _, pod in ipairs(redis.call('SMEMBERS', a[1] .. 'pods')) do
    local lease = redis.call('GET', pod_key(a[1], pod, 'lease'))
    if lease then out[#out + 1] = pod; out[#out + 1] = lease end
  end
  return out
end

-- prefix key want ratePerSecond burst -> { 1, tokens left } | { 0, ms until there are enough }
local function take_tokens(_, a)
  local key = a[1] .. 'tokens:' .. a[2]
  local want, rate, burst, now = tonumber(a[3]), tonumber(a[4]), tonumber(a[5]), now_ms()
  local state = redis.call('HMGET', key, 'n', 'at')
  local tokens = math.min(burst, (tonumber(state[1]) or burst) + math.max(0, now - (tonumber(state[2]) or now)) * rate / 1000)
  local granted = tokens >= want
  if granted then tokens = tokens - want end
  redis.call('HSET', key, 'n', tostring(tokens), 'at', string.format('%d', now))
  redis.call('PEXPIRE', key, math.ceil(burst / rate * 1000) + 1000)
  if granted then return { 1, math.floor(tokens) } end
  return { 0, math.ceil((want - tokens) / rate * 1000) }
end

redis.register_function('chat_v1_publish', publish)
redis.register_function('chat_v1_publish_behind', publish_behind)
redis.register_function('chat_v1_release', release)
redis.register_function('chat_v1_is_held', is_held)
redis.register_function('chat_v1_to_users', to_users)
redis.register_function('chat_v1_control', control)
redis.register_function('chat_v1_attach', attach)
redis.register_function('chat_v1_detach', detach)
redis.register_function('chat_v1_join', join)
redis.register_function('chat_v1_leave', leave)
redis.register_function('chat_v1_heartbeat', heartbeat)
redis.register_function('chat_v1_presence_set', presence_set)
redis.register_function('chat_v1_presence_get', presence_get)
redis.register_function('chat_v1_watch', watch)
redis.register_function('chat_v1_reap', reap)
redis.register_function('chat_v1_trim', trim)
redis.register_function('chat_v1_goodbye', goodbye)
redis.register_function('chat_v1_pods', pods)
redis.register_function('chat_v1_take_tokens', take_tokens)
