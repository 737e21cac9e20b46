import CHiredis
import LoopguardBus

/// hiredis' reply parser: bytes in, values out.
///
/// Not `Sendable`: hiredis' reader has no lock, so the reader stays where it was made (an event loop's channel handler).
/// After an error the reader is unusable; close the connection.
final class RESPReader {
    /// Bounds on what a broker can make us hold.
    struct Limits: Sendable {
        /// Bytes of one reply, all strings in it together. Default 64 MiB.
        var replyBytes = 64 << 20
        /// Elements of one array. hiredis allocates (and on failure walks) as many pointers as the header announces.
        /// Default 1,048,576.
        var arrayElements = 1 << 20
    }

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let limits: Limits
    /// Bytes that belong to the reply that is not finished yet.
    private var unfinishedBytes = 0
    private var failure: BusError?

    /// - Throws: ``BusError`` with code `.unavailable` when there is no memory.
    init(limits: Limits = Limits()) throws(BusError) {
        guard let reader = redisReaderCreate() else {
            throw BusError(.unavailable, "No memory for a RESP reader.")
        }
        self.reader = reader
        self.limits = limits
        functions = .allocate(capacity: 1)
        functions.initialize(to: reader.pointee.fn.pointee)
        // The header of an array is the only place where a few bytes of input make hiredis allocate a lot. The limit rides
        // in `privdata`, since a C function cannot capture.
        functions.pointee.createArray = { task, count in
            let limit = UInt(bitPattern: task?.pointee.privdata)
            guard count >= 0, UInt(count) <= limit else { return nil }
            return defaultCreateArray?(task, count)
        }
        reader.pointee.fn = functions
        reader.pointee.privdata = UnsafeMutableRawPointer(bitPattern: UInt(max(1, limits.arrayElements)))
        // Otherwise the buffer is freed and allocated again with every large message.
        reader.pointee.maxbuf = 0
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Appends what arrived. Feed small pieces: the limit is checked before each, so it can be passed by one piece.
    ///
    /// - Throws: ``BusError`` with code `.protocolViolation` when the unfinished reply has grown over the limit.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(BusError) {
        if let failure { throw failure }
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        guard unfinishedBytes <= limits.replyBytes else {
            throw fail("Redis sends a reply of more than \(limits.replyBytes) bytes, the limit.")
        }
        unfinishedBytes += bytes.count
        guard redisReaderFeed(reader, base.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK else {
            throw fail(readerError)
        }
    }

    /// The next complete reply; nil when more bytes are needed.
    ///
    /// - Throws: ``BusError`` with code `.protocolViolation`.
    func next() throws(BusError) -> RESPValue? {
        if let failure { throw failure }
        var raw: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &raw) == REDIS_OK else { throw fail(readerError) }
        guard let raw else { return nil }
        defer { freeReplyObject(raw) }
        unfinishedBytes = reader.pointee.len - reader.pointee.pos
        return try value(of: raw.assumingMemoryBound(to: redisReply.self))
    }

    /// Copies a reply of hiredis. At most 8 deep (hiredis' own limit).
    private func value(of reply: UnsafeMutablePointer<redisReply>) throws(BusError) -> RESPValue {
        let content = reply.pointee
        switch content.type {
        case REDIS_REPLY_STRING: return .bulk(bytes(of: content))
        case REDIS_REPLY_STATUS: return .simpleString(String(decoding: bytes(of: content), as: UTF8.self))
        case REDIS_REPLY_ERROR: return .error(String(decoding: bytes(of: content), as: UTF8.self))
        case REDIS_REPLY_INTEGER: return .integer(content.integer)
        case REDIS_REPLY_NIL: return .null
        case REDIS_REPLY_ARRAY:
            var values: [RESPValue] = []
            values.reserveCapacity(content.elements)
            for index in 0..<content.elements {
                guard let element = content.element?[index] else { throw fail("an array with a hole") }
                values.append(try value(of: element))
            }
            return .array(values)
        case let type: throw fail("a reply of unknown type \(type)")
        }
    }

    private func bytes(of reply: redisReply) -> [UInt8] {
        guard let text = reply.str, reply.len > 0 else { return [] }
        return Array(UnsafeRawBufferPointer(start: text, count: reply.len))
    }

    private var readerError: String {
        if reader.pointee.err == REDIS_ERR_OOM {
            return "an array of more than \(limits.arrayElements) elements, or no memory"
        }
        return withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private func fail(_ what: String) -> BusError {
        let error = BusError(
            .protocolViolation, "What the broker sent is not RESP2 (\(what)). Is this really the address of a Redis?")
        failure = error
        return error
    }
}

/// What libhiredis itself does with the header of an array.
private let defaultCreateArray: redisReplyObjectFunctions.CreateArray? = {
    guard let reader = redisReaderCreate() else { return nil }
    defer { redisReaderFree(reader) }
    return reader.pointee.fn.pointee.createArray
}()

extension redisReplyObjectFunctions {
    fileprivate typealias CreateArray =
        @convention(c) (UnsafePointer<redisReadTask>?, Int32) -> UnsafeMutableRawPointer?
}
