import CDwarf

/// A function, or a function inlined into another, at an address.
struct SourceScope: Equatable {
    /// Mangled if the compiler mangles.
    var symbol: String?
    var file: String?
    var line: Int?
    /// False for the function that the code was really generated for.
    var isInlined: Bool
}

/// One compile unit's functions and lines. Report thread only.
final class CompileUnit {
    private var die: Dwarf_Die
    private let directory: String?
    private let dwarf: OpaquePointer
    /// All functions with code, by start.
    private var functions: [Function] = []

    private struct Function {
        var low: UInt64
        var high: UInt64
        var offset: UInt64
    }

    init?(dwarf: OpaquePointer, offset: UInt64) {
        die = Dwarf_Die()
        guard dwarf_offdie(dwarf, offset, &die) != nil else { return nil }
        self.dwarf = dwarf
        directory = die.text(Int(DW_AT_comp_dir))
        collect(die, depth: 0)
        functions.sort { ($0.low, $1.high) < ($1.low, $0.high) }
    }

    /// Functions stand in modules, types and namespaces, and within other functions.
    private func collect(_ die: Dwarf_Die, depth: Int) {
        guard depth < 64 else { return }
        die.forEachChild { child in
            switch child.tag {
            case UInt32(DW_TAG_subprogram):
                let offset = child.offset
                child.forEachRange { functions.append(Function(low: $0, high: $1, offset: offset)) }
                collect(child, depth: depth + 1)
            case UInt32(DW_TAG_module), UInt32(DW_TAG_namespace), UInt32(DW_TAG_structure_type),
                UInt32(DW_TAG_class_type),
                UInt32(DW_TAG_enumeration_type), UInt32(DW_TAG_union_type), UInt32(DW_TAG_interface_type),
                UInt32(DW_TAG_lexical_block), UInt32(DW_TAG_variant_part), UInt32(DW_TAG_variant):
                collect(child, depth: depth + 1)
            default: break
            }
        }
    }

    /// Where an address lies that is in none of the unit's functions: assembly has lines, but no functions.
    func placeOutsideFunctions(of address: UInt64) -> SourcePlace {
        var place = LineTable(unit: &die, low: 0, high: .max).place(of: address)
        place.file = place.file.map(absolute)
        return place
    }

    /// Innermost first.
    func scopes(at address: UInt64) -> [SourceScope] {
        guard let function = function(at: address) else { return [] }
        var entry = Dwarf_Die()
        guard dwarf_offdie(dwarf, function.offset, &entry) != nil else { return [] }
        var chain = [entry]  // outermost first
        descend(entry, address, into: &chain, depth: 0)
        let lines = LineTable(unit: &die, low: function.low, high: function.high)
        var place = lines.place(of: address)
        var scopes: [SourceScope] = []
        for die in chain.reversed() {
            let isInlined = die.tag == UInt32(DW_TAG_inlined_subroutine)
            let shown = repaired(place, of: die, in: lines)
            scopes.append(
                SourceScope(symbol: die.symbol, file: shown.file.map(absolute), line: shown.line, isInlined: isInlined))
            // The next one out is at the place of this one's call.
            place.file = die.number(Int(DW_AT_call_file)).flatMap(self.file(_:))
            place.line = die.number(Int(DW_AT_call_line)).flatMap { Int(exactly: $0) }
            if place.line == 0 { place.line = nil }
        }
        return scopes
    }

    /// A function that the optimiser made out of another has `<compiler-generated>` as its file, though its lines are those of
    /// the original. Then the file is the one in which the code begins, and the line, if need be, that of the declaration.
    private func repaired(_ place: SourcePlace, of die: Dwarf_Die, in lines: LineTable) -> SourcePlace {
        guard place.line == nil || place.file.map(LineTable.isReal) != true else { return place }
        let declared = SourcePlace(
            file: die.inheritedNumber(Int(DW_AT_decl_file)).flatMap(self.file(_:)),
            line: die.inheritedNumber(Int(DW_AT_decl_line)).flatMap { Int(exactly: $0) })
        let isDeclared = declared.file.map(LineTable.isReal) == true
        if let line = place.line {
            if let file = isDeclared ? declared.file : lines.entryFile { return SourcePlace(file: file, line: line) }
            return place
        }
        return isDeclared && (declared.line ?? 0) > 0 ? declared : place
    }

    /// Lexical blocks are entered whatever their ranges say: the optimiser does not keep them right.
    @discardableResult
    private func descend(_ die: Dwarf_Die, _ address: UInt64, into chain: inout [Dwarf_Die], depth: Int) -> Bool {
        guard depth < 256 else { return false }
        var inlined: Dwarf_Die?
        var blocks: [Dwarf_Die] = []
        die.forEachChild { child in
            switch child.tag {
            case UInt32(DW_TAG_inlined_subroutine) where inlined == nil && child.contains(address): inlined = child
            case UInt32(DW_TAG_lexical_block): blocks.append(child)
            default: break
            }
        }
        if let inlined {
            chain.append(inlined)
            descend(inlined, address, into: &chain, depth: depth + 1)
            return true
        }
        for block in blocks where descend(block, address, into: &chain, depth: depth + 1) { return true }
        return false
    }

    private func function(at address: UInt64) -> Function? {
        var low = 0
        var high = functions.count
        while low < high {
            let middle = (low + high) / 2
            if functions[middle].low <= address { low = middle + 1 } else { high = middle }
        }
        // Nested functions lie within their parent's range only in theory: look back a little.
        for index in stride(from: low - 1, through: max(0, low - 8), by: -1) where functions[index].high > address {
            return functions[index]
        }
        return nil
    }

    private func file(_ index: UInt64) -> String? {
        var files: OpaquePointer?
        var count = 0
        guard dwarf_getsrcfiles(&die, &files, &count) == 0, let files, index < UInt64(count) else { return nil }
        return dwarf_filesrc(files, Int(index), nil, nil).map { String(cString: $0) }
    }

    private func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), !path.hasPrefix("<"), let directory, !directory.isEmpty else { return path }
        return directory + "/" + path
    }
}
