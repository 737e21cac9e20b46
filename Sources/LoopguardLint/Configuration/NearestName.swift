/// What somebody probably meant who wrote something else.
enum NearestName {
    /// The closest of `names`, or nil when none is close: at most a third of the letters differ.
    static func of(_ text: String, among names: [String]) -> String? {
        let best = names.map { (name: $0, distance: distance(text, $0)) }.min {
            ($0.distance, $0.name) < ($1.distance, $1.name)
        }
        guard let best, best.distance <= max(1, max(text.count, best.name.count) / 3) else { return nil }
        return best.name
    }

    /// `; did you mean X?`, or a full stop.
    static func hint(_ text: String, among names: [String]) -> String {
        of(text, among: names).map { "; did you mean `\($0)`?" } ?? "."
    }

    /// Letters to insert, remove or replace.
    static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.utf8.prefix(100))
        let b = Array(b.utf8.prefix(100))
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (letter == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
