import CLoopguard
import Glibc

/// What this machine does not offer to the capture, and what each costs: one sentence each, empty when all is there.
///
/// Cheap enough for start-up (well under 1 ms, except that the program's own ELF file is opened). Any thread.
///
/// - Parameter signal: the signal that ``StackCapturer`` uses.
public func facilities(signal: Int32 = StackCapturer.defaultSignal) -> [String] {
    var missing: [String] = []
    #if !arch(x86_64)
        missing.append("This is not an x86-64 processor: stalls are detected and classified, but have no stack.")
    #endif
    if access("/proc/self/task/\(lg_current_tid())/syscall", R_OK) != 0
        || SmallFile.read("/proc/self/syscall", limit: 256) == nil
    {
        missing.append(
            "/proc/self/task/TID/syscall cannot be read: a blocked system call is not named, and a blocked thread is "
                + "captured by a signal, which may end a sleep or a poll early.")
    }
    if SmallFile.read("/proc/self/schedstat", limit: 256) == nil {
        missing.append("/proc/self/schedstat cannot be read: computing and waiting for a CPU cannot be told apart.")
    }
    if !lg_module_is_lock_free() {
        missing.append(
            "glibc is older than 2.35 (no _dl_find_object): stacks that pass through a library loaded after the start "
                + "are cut off there.")
    }
    if !lg_capture_signal_is_free(signal) {
        missing.append(
            "Signal \(signal) is handled by the program itself: the stack of a thread that computes cannot be taken, "
                + "only that of one that is blocked.")
    }
    if !DebugFiles.executableHasLines() {
        missing.append(
            "The executable has no debug information: frames have a function at best, but no file and line. Module, offset "
                + "and build-id in the report name the line offline.")
    }
    return missing
}
