import CDwarf

/// A place in the source.
struct SourcePlace: Equatable {
    var file: String?
    var line: Int?
}

/// The rows of a compile unit's line table that belong to one function.
struct LineTable {
    private let lines: OpaquePointer?
    private let count: Int
    private let low: UInt64
    private let high: UInt64

    /// - Parameters:
    ///   - unit: the compile unit's entry.
    ///   - low: the function's first address in the file.
    ///   - high: one past its last.
    init(unit: inout Dwarf_Die, low: UInt64, high: UInt64) {
        var lines: OpaquePointer?
        var count = 0
        let isThere = dwarf_getsrclines(&unit, &lines, &count) == 0
        self.lines = isThere ? lines : nil
        self.count = isThere ? count : 0
        self.low = low
        self.high = high
    }

    /// File and line of an instruction. The compiler marks code that belongs to no line by line 0: then the nearest line before
    /// it in the same function is the best answer, or else the nearest one after it.
    func place(of address: UInt64) -> SourcePlace {
        guard let index = lastRow(notAfter: address) else { return SourcePlace() }
        if let place = place(row: index) { return place }
        for step in 1...Self.reach {
            guard index - step >= 0, self.address(row: index - step) >= low else { break }
            if let place = place(row: index - step) { return place }
        }
        for step in 1...Self.reach {
            guard index + step < count, self.address(row: index + step) < high else { break }
            if let place = place(row: index + step) { return place }
        }
        return SourcePlace(file: file(row: index), line: nil)
    }

    /// The file of the function's first instruction that has one.
    var entryFile: String? {
        guard var index = lastRow(notAfter: low) else { return nil }
        for _ in 0..<Self.reach {
            guard index < count, address(row: index) < high else { return nil }
            if let place = place(row: index) { return place.file }
            index += 1
        }
        return nil
    }

    static func isReal(_ file: String) -> Bool { !file.hasSuffix("<compiler-generated>") }

    /// Rows that are searched in each direction.
    private static let reach = 64

    /// Nil for a row that names no line.
    private func place(row: Int) -> SourcePlace? {
        var line: Int32 = 0
        guard let entry = entry(row), dwarf_lineno(entry, &line) == 0, line > 0 else { return nil }
        return SourcePlace(file: file(row: row), line: Int(line))
    }

    private func entry(_ row: Int) -> OpaquePointer? { lines.flatMap { dwarf_onesrcline($0, row) } }

    private func address(row: Int) -> UInt64 {
        var address: Dwarf_Addr = 0
        guard let entry = entry(row), dwarf_lineaddr(entry, &address) == 0 else { return 0 }
        return address
    }

    private func file(row: Int) -> String? {
        entry(row).flatMap { dwarf_linesrc($0, nil, nil) }.map { String(cString: $0) }
    }

    private func lastRow(notAfter address: UInt64) -> Int? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self.address(row: middle) <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0, let entry = entry(low - 1) else { return nil }
        var ends = false
        return dwarf_lineendsequence(entry, &ends) == 0 && !ends ? low - 1 : nil
    }
}
