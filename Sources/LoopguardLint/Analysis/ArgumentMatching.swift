extension [SourceFacts.Parameter] {
    /// Which parameter the argument at `position` of a call goes to, as the compiler matches them: labels in order, the first
    /// trailing closure forward to the first function that no later label claims.
    func parameter(of position: Int, in arguments: [SourceFacts.CallArgument]) -> Int? {
        var next = 0
        for (number, argument) in arguments.enumerated() {
            let found: Int?
            if argument.isTrailing, argument.label == nil {
                let later = Set(arguments[(number + 1)...].compactMap(\.label))
                let open = indices.dropFirst(next).filter { !later.contains(self[$0].label) }
                found = open.first { self[$0].isFunction } ?? open.last
            } else {
                let label = argument.label ?? "_"
                let repeats = next > 0 && self[next - 1].isVariadic && argument.label == nil
                found = repeats ? next - 1 : indices.dropFirst(next).first { self[$0].label == label }
            }
            if number == position { return found }
            if let found { next = found + 1 }
        }
        return nil
    }
}
