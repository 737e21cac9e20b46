import CDwarf
import CLoopguard
import Glibc

/// How libdw finds files.
enum DebugFiles {
    /// Debug information beside the program or by build-id under /usr/lib/debug. Not libdw's standard search: that one asks
    /// a debuginfod server on the network when the environment names one, and a report would wait for it.
    // SAFETY: allocated and filled once, then only read; libdw keeps the pointer as long as a session lives.
    nonisolated(unsafe) static let callbacks: UnsafePointer<Dwfl_Callbacks> = {
        let callbacks = UnsafeMutablePointer<Dwfl_Callbacks>.allocate(capacity: 1)
        callbacks.initialize(
            to: Dwfl_Callbacks(
                find_elf: dwfl_build_id_find_elf, find_debuginfo: dwfl_build_id_find_debuginfo,
                section_address: dwfl_offline_section_address, debuginfo_path: nil))
        return UnsafePointer(callbacks)
    }()

    /// Whether the program's own executable has DWARF line information (in it, or installed beside it).
    static func executableHasLines() -> Bool {
        guard let dwfl = dwfl_begin(callbacks) else { return false }
        defer { dwfl_end(dwfl) }
        dwfl_report_begin(dwfl)
        let module = dwfl_report_elf(dwfl, "executable", "/proc/self/exe", -1, 0, true)
        dwfl_report_end(dwfl, nil, nil)
        var bias: Dwarf_Addr = 0
        guard let module, let dwarf = dwfl_module_getdwarf(module, &bias) else { return false }
        var next: Dwarf_Off = 0
        var headerSize = 0
        return dwarf_nextcu(dwarf, 0, &next, &headerSize, nil, nil, nil) == 0
    }
}
