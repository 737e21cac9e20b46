import LoopguardBus

/// The script of ``RedisBoard``, its arguments and its answer. Pure.
enum BoardScript {
    /// Fields of the hash: `t:HOST` when it was heard (ms), `w:HOST` when its text was written, `v:HOST` version, `d:HOST` text.
    static let source = """
        -- KEYS: board; ARGV: host, version, text ('' = as before), keep ms, most hosts, most bytes, then pairs host, version
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local key, host = KEYS[1], ARGV[1]
        local function forget(name)
            redis.call('HDEL', key, 't:' .. name, 'w:' .. name, 'v:' .. name, 'd:' .. name)
        end
        local stamp = string.format('%.0f', now)
        if ARGV[3] ~= '' then
            redis.call('HSET', key, 't:' .. host, stamp, 'w:' .. host, stamp, 'v:' .. host, ARGV[2], 'd:' .. host, ARGV[3])
        elseif redis.call('HGET', key, 'v:' .. host) then
            redis.call('HSET', key, 't:' .. host, stamp)
        end
        redis.call('PEXPIRE', key, ARGV[4])
        local ours = redis.call('HGET', key, 'v:' .. host) == ARGV[2] and 1 or 0
        local known = {}
        for i = 7, #ARGV - 1, 2 do known[ARGV[i]] = ARGV[i + 1] end
        local others = {}
        for _, field in ipairs(redis.call('HKEYS', key)) do
            if string.sub(field, 1, 2) == 't:' then
                local name = string.sub(field, 3)
                local beat = redis.call('HGET', key, field)
                local age = now - (tonumber(beat) or 0)
                if age > tonumber(ARGV[4]) then
                    forget(name)
                elseif name ~= host then
                    others[#others + 1] = {name, age, beat}
                end
            end
        end
        table.sort(others, function(a, b) return a[2] < b[2] end)
        local answer = {}
        for index, other in ipairs(others) do
            local name = other[1]
            if index >= tonumber(ARGV[5]) then
                forget(name)
            else
                local version = redis.call('HGET', key, 'v:' .. name) or ''
                local length = redis.call('HSTRLEN', key, 'd:' .. name)
                local text = ''
                if version ~= known[name] and length <= tonumber(ARGV[6]) then
                    text = redis.call('HGET', key, 'd:' .. name) or ''
                end
                local written = now - (tonumber(redis.call('HGET', key, 'w:' .. name)) or 0)
                answer[#answer + 1] = {name, version, math.max(0, other[2]), math.max(0, written), length, text, other[3]}
            end
        end
        return {ours, answer}
        """

    /// One `EVAL`. The text of the script goes along each time: it is a kilobyte a second.
    static func exchange(
        key: String, host: String, version: String, text: [UInt8]?, known: [String: String],
        limits: RedisBoard.Limits
    ) -> RedisCommand {
        var command = RedisCommand("EVAL", source, "1", key, host, version)
        command.append(text ?? [])
        command.append("\(limits.keep.redisMilliseconds)")
        command.append("\(limits.hosts)")
        command.append("\(limits.noteBytes)")
        for (name, version) in known.sorted(by: { $0.key < $1.key }).prefix(limits.hosts) {
            command.append(name)
            command.append(version)
        }
        return command
    }

    static func leave(key: String, host: String) -> RedisCommand {
        RedisCommand("HDEL", key, "t:\(host)", "w:\(host)", "v:\(host)", "d:\(host)")
    }

    /// Nil when it is not such an answer. What is odd in a single note is left out.
    static func answer(_ reply: RESPValue) -> RedisBoard.Answer? {
        guard case .array(let parts) = reply, parts.count == 2, let ours = parts[0].unsigned,
            case .array(let notes) = parts[1]
        else { return nil }
        return RedisBoard.Answer(hasOurs: ours == 1, notes: notes.compactMap(note))
    }

    private static func note(_ value: RESPValue) -> RedisBoard.Note? {
        guard case .array(let parts) = value, parts.count == 7, let host = parts[0].text, let version = parts[1].text,
            let heard = parts[2].unsigned, let written = parts[3].unsigned, let length = parts[4].unsigned,
            case .bulk(let text) = parts[5], let beat = parts[6].text
        else { return nil }
        return RedisBoard.Note(
            host: host, version: version, beat: beat, heardMsAgo: Int64(clamping: heard),
            writtenMsAgo: Int64(clamping: written),
            length: Int(clamping: length), text: text.isEmpty ? nil : Array(text))
    }
}
