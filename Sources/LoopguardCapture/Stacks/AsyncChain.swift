/// Follows the async callers of an async function through their contexts. Pure: memory comes as a closure.
///
/// Layout of a context (Swift ABI): word 0 the parent's context, word 1 the function in which the parent goes on.
enum AsyncChain {
    struct Result: Equatable {
        /// Resume functions, innermost first.
        var resumes: [UInt64] = []
        /// False when the chain ended in something that is no context: memory that was reused, or a cycle.
        var isIntact = true
    }

    /// First bytes of every async function that has a frame: `push rbp; push r14; lea rbp, [rsp+8]`. Its own context is
    /// then at `rbp - 8`. The compiler sets no tag on Linux, and a stripped program has no symbols: only this is left.
    static let prologue: [UInt8] = [0x55, 0x41, 0x56, 0x48, 0x8d, 0x6c, 0x24, 0x08]

    /// Walks from `context` until the parent is zero.
    ///
    /// - Parameters:
    ///   - limit: most resume functions to return.
    ///   - word: reads 8 bytes, nil when unreadable.
    ///   - isCode: whether an address lies in an executable or library.
    static func walk(
        from context: UInt64, limit: Int, word: (UInt64) -> UInt64?, isCode: (UInt64) -> Bool
    ) -> Result {
        var result = Result()
        var context = context
        // Brent: the tortoise jumps to the hare at each power of two, so a cycle is found without a set.
        var tortoise: UInt64 = 0
        var steps = 0
        var power = 1
        while context != 0 {
            if result.resumes.count >= limit { return result }
            guard context % 8 == 0, context != tortoise, let parent = word(context), let resume = word(context &+ 8)
            else {
                result.isIntact = false
                return result
            }
            steps += 1
            if steps == power {
                tortoise = context
                power *= 2
            }
            if resume == 0 { return result }
            guard isCode(resume) else {
                result.isIntact = false
                return result
            }
            result.resumes.append(resume)
            context = parent
        }
        return result
    }
}
