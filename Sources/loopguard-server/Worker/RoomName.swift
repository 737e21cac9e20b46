/// The name of a room: 1 to 64 letters, digits, `.`, `_` and `-`.
///
/// Letters of all scripts: a name is decoded from the path, so `caf%C3%A9` is `café`. Nothing else: it becomes a topic of the
/// bus and a part of log lines.
struct RoomName: Equatable {
    static let maximumCharacters = 64
    static let maximumBytes = 200

    let topic: String

    init?(_ name: String) {
        guard (1...Self.maximumCharacters).contains(name.count), name.utf8.count <= Self.maximumBytes,
            name.unicodeScalars.allSatisfy({ scalar in
                scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
                    || scalar == "." || scalar == "_" || scalar == "-"
            })
        else { return nil }
        topic = "room.\(name)"
    }
}
