import CDwarf
import CLoopguard

/// One executable or shared library of this process, and what its file says about addresses. Report thread only.
final class DebugModule {
    /// Base name of the file.
    let name: String
    /// Hexadecimal, nil when the file has none.
    let buildID: String?

    /// Compile units that have been read and take memory.
    var loadedUnits: Int { units.count }

    /// False for what the kernel maps, and for a file that cannot be opened or is another than the one that was loaded.
    var hasFile: Bool { module != nil }

    private let dwfl: OpaquePointer?
    private let module: OpaquePointer?
    private let isSystem: Bool
    /// Whether this is libc, whose functions have several names each.
    let isC: Bool
    private var openedDwarf = false
    private var dwarf: OpaquePointer?
    private var bias: UInt64 = 0
    /// Address ranges of all compile units, by start. The compilers write no `.debug_aranges`, so libdw's own lookup finds
    /// nothing.
    private var ranges: [UnitRange] = []
    private var units: [UInt64: CompileUnit] = [:]

    struct UnitRange {
        var low: UInt64
        var high: UInt64
        /// Offset of the unit's entry.
        var unit: UInt64
    }

    /// A module of this process.
    ///
    /// - Parameters:
    ///   - path: of the file; empty for the executable.
    ///   - loadBias: load address minus the address in the file.
    ///   - loadedBuildID: of the code in memory, if it is known. A file with another one has been replaced since: its names
    ///     would be wrong, so it is not used.
    convenience init(path: String, loadBias: UInt64, loadedBuildID: String? = nil) {
        let file = path.isEmpty ? "/proc/self/exe" : path
        var shown = path.isEmpty ? SmallFile.link("/proc/self/exe") ?? "executable" : path
        // The file was replaced while the program runs; /proc/self/exe still opens the old one.
        if path.isEmpty, shown.hasSuffix(" (deleted)") { shown.removeLast(" (deleted)".count) }
        let name = shown.split(separator: "/").last.map(String.init) ?? shown
        self.init(file: file, name: name, loadBias: loadBias, wantedBuildID: loadedBuildID)
    }

    /// - Parameters:
    ///   - file: path of an ELF file.
    ///   - name: what frames call the module.
    ///   - loadBias: added to the addresses in the file.
    ///   - wantedBuildID: a file with another build-id is not used; nil takes any.
    init(file: String, name: String, loadBias: UInt64, wantedBuildID: String?) {
        self.name = name
        isC = name.hasPrefix("libc.so") || name.hasPrefix("libc-") || name.hasPrefix("libpthread")
        isSystem = FrameOrigin.isRuntime(module: name, function: nil)
        guard !FaultInjection.fails(.debugFile), let dwfl = dwfl_begin(DebugFiles.callbacks) else {
            (dwfl, module, buildID) = (nil, nil, wantedBuildID)
            return
        }
        dwfl_report_begin(dwfl)
        let module = dwfl_report_elf(dwfl, name, file, -1, loadBias, true)
        dwfl_report_end(dwfl, nil, nil)
        self.dwfl = dwfl
        let found = module.flatMap(Self.buildID(of:))
        self.module = wantedBuildID == nil || wantedBuildID == found ? module : nil
        buildID = wantedBuildID ?? found
    }

    deinit { if let dwfl { dwfl_end(dwfl) } }

    private static func buildID(of module: OpaquePointer) -> String? {
        var symbolBias: GElf_Addr = 0
        _ = dwfl_module_getelf(module, &symbolBias)
        var bits: UnsafePointer<UInt8>?
        var address: GElf_Addr = 0
        let count = dwfl_module_build_id(module, &bits, &address)
        guard count > 0, let bits else { return nil }
        return HexText.of(UnsafeBufferPointer(start: bits, count: Int(count)))
    }

    /// The name in the symbol table of whatever is at `address`.
    func symbol(at address: UInt64) -> String? {
        guard let module else { return nil }
        var offset: GElf_Off = 0
        var symbol = GElf_Sym()
        guard let name = dwfl_module_addrinfo(module, address, &offset, &symbol, nil, nil, nil) else { return nil }
        // A name far before the address belongs to something else: stripped functions have no entry.
        if symbol.st_size > 0 ? offset >= symbol.st_size : offset > 1 << 16 { return nil }
        return String(cString: name)
    }

    /// Whether the linker made the code at `address`: a stub that jumps to another module's function.
    func isLinkageStub(at address: UInt64) -> Bool {
        guard let module else { return false }
        var address: Dwarf_Addr = address
        var bias: Dwarf_Addr = 0
        var header = GElf_Shdr()
        var index = 0
        guard let section = dwfl_module_address_section(module, &address, &bias),
            gelf_getshdr(section, &header) != nil, let elf = dwfl_module_getelf(module, &bias),
            elf_getshdrstrndx(elf, &index) == 0, let name = elf_strptr(elf, index, Int(header.sh_name))
        else { return false }
        return String(cString: name).hasPrefix(".plt")
    }

    /// The function at `address` and what is inlined there, innermost first; empty without debug information.
    ///
    /// System libraries are named by their symbol tables alone: their lines help nobody, and reading libc's debug
    /// information takes longer than everything else together.
    func scopes(at address: UInt64) -> [SourceScope] {
        guard !isSystem else { return [] }
        openDwarf()
        guard let dwarf, let range = range(containing: address &- bias) else { return [] }
        let unit: CompileUnit
        if let known = units[range.unit] {
            unit = known
        } else {
            guard !FaultInjection.fails(.compileUnit), let made = CompileUnit(dwarf: dwarf, offset: range.unit) else {
                return []
            }
            units[range.unit] = made
            unit = made
        }
        let scopes = unit.scopes(at: address &- bias)
        guard scopes.isEmpty else { return scopes }
        let place = unit.placeOutsideFunctions(of: address &- bias)
        guard place.line != nil, let symbol = symbol(at: address) else { return [] }
        return [SourceScope(symbol: symbol, file: place.file, line: place.line, isInlined: false)]
    }

    /// Whether there is debug information at all.
    var hasLines: Bool {
        openDwarf()
        return !ranges.isEmpty
    }

    private func openDwarf() {
        guard !openedDwarf, let module else { return }
        openedDwarf = true
        dwarf = dwfl_module_getdwarf(module, &bias)
        if let dwarf { ranges = Self.index(dwarf) }
    }

    private func range(containing address: UInt64) -> UnitRange? {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].low <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0, ranges[low - 1].high > address else { return nil }
        return ranges[low - 1]
    }

    private static func index(_ dwarf: OpaquePointer) -> [UnitRange] {
        var ranges: [UnitRange] = []
        var offset: Dwarf_Off = 0
        var next: Dwarf_Off = 0
        var headerSize = 0
        while dwarf_nextcu(dwarf, offset, &next, &headerSize, nil, nil, nil) == 0 {
            let entry = offset &+ UInt64(truncatingIfNeeded: headerSize)
            var die = Dwarf_Die()
            if dwarf_offdie(dwarf, entry, &die) != nil {
                die.forEachRange { ranges.append(UnitRange(low: $0, high: $1, unit: entry)) }
            }
            guard next > offset else { break }
            offset = next
        }
        ranges.sort { $0.low < $1.low }
        return ranges
    }
}
