import CDwarf

/// The few questions that we ask a debugging information entry.
extension Dwarf_Die {
    /// 0 in damaged files.
    var tag: UInt32 {
        var die = self
        return UInt32(exactly: dwarf_tag(&die)) ?? 0
    }

    /// Offset in the section: identifies the entry.
    var offset: UInt64 {
        var die = self
        return dwarf_dieoffset(&die)
    }

    /// Calls `body` with each address range, in the file's addresses.
    func forEachRange(_ body: (UInt64, UInt64) -> Void) {
        var die = self
        var base: Dwarf_Addr = 0
        var low: Dwarf_Addr = 0
        var high: Dwarf_Addr = 0
        var position = 0
        while true {
            position = dwarf_ranges(&die, position, &base, &low, &high)
            guard position > 0 else { return }
            // A linker that drops a function sets its start to zero.
            if low < high, low != 0 { body(low, high) }
        }
    }

    func contains(_ address: UInt64) -> Bool {
        var die = self
        return dwarf_haspc(&die, address) > 0
    }

    /// Calls `body` with each child.
    func forEachChild(_ body: (Dwarf_Die) -> Void) {
        var die = self
        var child = Dwarf_Die()
        guard dwarf_child(&die, &child) == 0 else { return }
        while true {
            body(child)
            var next = Dwarf_Die()
            // In a damaged file a sibling may lie before its sister, and we would never get out.
            guard dwarf_siblingof(&child, &next) == 0, next.offset > child.offset else { return }
            child = next
        }
    }

    /// The mangled name if there is one, else the plain one; also looked for in the declaration and the abstract origin.
    var symbol: String? {
        var die = self
        var attribute = Dwarf_Attribute()
        for name in [UInt32(DW_AT_linkage_name), UInt32(DW_AT_MIPS_linkage_name)]
        where dwarf_attr_integrate(&die, name, &attribute) != nil {
            if let text = dwarf_formstring(&attribute) { return String(cString: text) }
        }
        return dwarf_diename(&die).map { String(cString: $0) }
    }

    /// An unsigned attribute of this very entry.
    func number(_ name: Int) -> UInt64? {
        var die = self
        var attribute = Dwarf_Attribute()
        guard dwarf_attr(&die, UInt32(name), &attribute) != nil else { return nil }
        var value: Dwarf_Word = 0
        return dwarf_formudata(&attribute, &value) == 0 ? value : nil
    }

    /// An unsigned attribute of this entry, its declaration or its abstract origin.
    func inheritedNumber(_ name: Int) -> UInt64? {
        var die = self
        var attribute = Dwarf_Attribute()
        guard dwarf_attr_integrate(&die, UInt32(name), &attribute) != nil else { return nil }
        var value: Dwarf_Word = 0
        return dwarf_formudata(&attribute, &value) == 0 ? value : nil
    }

    /// A string attribute of this very entry.
    func text(_ name: Int) -> String? {
        var die = self
        var attribute = Dwarf_Attribute()
        guard dwarf_attr(&die, UInt32(name), &attribute) != nil else { return nil }
        return dwarf_formstring(&attribute).map { String(cString: $0) }
    }
}
