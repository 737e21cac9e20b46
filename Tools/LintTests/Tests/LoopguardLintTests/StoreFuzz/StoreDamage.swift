import Foundation

/// Ways to damage a file of an index store: `original` is whole, `store` is what is read.
enum StoreDamage {
    /// Flips one to twenty bits, or overwrites a word as a count that is far too large.
    static func flip(_ file: String, in folder: URL, _ random: inout SplitMix) throws -> String {
        var bytes = try Data(contentsOf: folder.appending(path: "store/\(file)"))
        guard bytes.count > 8 else { return "\(file): too short" }
        let how: String
        if random.below(2) == 0 {
            let count = [1, 1, 3, 20][random.below(4)]
            for _ in 0..<count { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
            how = "\(count) bits flipped"
        } else {
            let place = random.below(bytes.count / 4) * 4
            let value: UInt8 = random.below(2) == 0 ? 0xff : 0x7f
            for index in place..<min(place + 4, bytes.count) { bytes[index] = value }
            how = "a word of \(value) at \(place)"
        }
        try bytes.write(to: folder.appending(path: "store/\(file)"))
        return "\(file): \(how)"
    }

    /// Damages a file in one of six ways, and says how.
    static func damage(_ file: String, of all: [String], in folder: URL, _ random: inout SplitMix) throws -> String {
        let url = folder.appending(path: "store/\(file)")
        let bytes = try Data(contentsOf: url)
        switch random.below(6) {
        case 0:
            let length = random.below(max(1, bytes.count))
            try bytes.prefix(length).write(to: url)
            return "\(file): cut to \(length)"
        case 1:
            let other = all[random.below(all.count)]
            try Data(contentsOf: folder.appending(path: "original/\(other)")).write(to: url)
            return "\(file): swapped with \(other)"
        case 2:
            try Data().write(to: url)
            return "\(file): emptied"
        case 3:
            guard bytes.count > 1 else { return "\(file): too short" }
            var copy = bytes
            let place = random.below(copy.count)
            for index in place..<min(copy.count, place + 1 + random.below(64)) {
                copy[index] = UInt8(truncatingIfNeeded: random.next())
            }
            try copy.write(to: url)
            return "\(file): noise at \(place)"
        default: return try flip(file, in: folder, &random)
        }
    }
}
