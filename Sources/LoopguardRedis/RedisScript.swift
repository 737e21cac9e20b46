/// The Lua scripts of the bus: each is one atomic step in Redis.
enum RedisScript: CaseIterable, Sendable {
    /// Gives a message its place, remembers it and publishes it; all or nothing, so that stream and channel agree.
    case publish
    /// Reads what a topic remembers after a place.
    case history
    /// Takes or renews a lease.
    case lease

    var source: String {
        switch self {
        case .publish:
            // Offsets go through string.format, since Lua's own conversion turns large numbers into 1e+14.
            // A stream ID must grow. A topic whose meta key is gone (expired, evicted) begins a new epoch at 1, so its old
            // stream is deleted; so is a stream that stands ahead of the counter (restored from elsewhere).
            """
            -- KEYS: meta, stream[, idempotency]
            -- ARGV: epoch if new, envelope, channel, history messages, history ms, topic ms, idempotency ms
            if KEYS[3] then
                local seen = redis.call('GET', KEYS[3])
                if seen then
                    local epoch, offset = string.match(seen, '^(%S+) (%d+)$')
                    return {epoch, offset}
                end
            end
            local function begin()
                redis.call('DEL', KEYS[1], KEYS[2])
                redis.call('HSET', KEYS[1], 'e', ARGV[1], 'o', 1)
                return ARGV[1], '1'
            end
            local epoch = redis.call('HGET', KEYS[1], 'e')
            local offset
            if epoch then
                offset = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'o', 1))
            else
                epoch, offset = begin()
            end
            local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', ARGV[4], offset .. '-0', 'd', ARGV[2])
            if type(added) == 'table' and added.err then
                epoch, offset = begin()
                redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[4], offset .. '-0', 'd', ARGV[2])
            end
            redis.call('PEXPIRE', KEYS[2], ARGV[5])
            redis.call('PEXPIRE', KEYS[1], ARGV[6])
            if KEYS[3] then
                redis.call('SET', KEYS[3], epoch .. ' ' .. offset, 'PX', ARGV[7])
            end
            redis.call('PUBLISH', ARGV[3], offset .. ':' .. epoch .. ':' .. ARGV[2])
            return {epoch, offset}
            """
        case .history:
            // `<after>-1` is the smallest ID behind `<after>-0`; exclusive ranges exist since Redis 6.2 only.
            """
            -- KEYS: meta, stream; ARGV: epoch, after, limit
            local meta = redis.call('HMGET', KEYS[1], 'e', 'o')
            if not meta[1] then return {'', '0', {}} end
            local after = ARGV[2]
            if meta[1] ~= ARGV[1] then after = '0' end
            return {meta[1], meta[2], redis.call('XRANGE', KEYS[2], after .. '-1', '+', 'COUNT', ARGV[3])}
            """
        case .lease:
            """
            -- KEYS: lease; ARGV: owner, ms
            if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
            if redis.call('GET', KEYS[1]) == ARGV[1] then
                redis.call('PEXPIRE', KEYS[1], ARGV[2])
                return 1
            end
            return 0
            """
        }
    }
}
