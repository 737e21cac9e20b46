import CLoopguard
import Glibc

/// What this machine does not offer to the capture, and what each costs: one sentence each, empty when all is there.
///
/// Cheap enough for start-up (well under 1 ms, except that the program's own ELF file is opened). Any thread.
///
/// - Parameters:
///   - signal: the signal that ``StackCapturer`` uses.
///   - root: put before `/proc` and `/sys/fs/cgroup`; for tests. Default none.
public func facilities(signal: Int32 = StackCapturer.defaultSignal, root: String = "") -> [String] {
    var missing: [String] = []
    #if !arch(x86_64)
        missing.append("This is not an x86-64 processor: stalls are detected and classified, but have no stack.")
    #endif
    if access(root + "/proc/self/task/\(lg_current_tid())/syscall", R_OK) != 0
        || SmallFile.read(root + "/proc/self/syscall", limit: 256) == nil
    {
        missing.append(
            "/proc/self/task/TID/syscall cannot be read: a blocked system call is not named, and a blocked thread is "
                + "captured by a signal, which may end a sleep or a poll early.")
    }
    if SmallFile.read(root + "/proc/self/schedstat", limit: 256) == nil {
        missing.append(
            "/proc/self/schedstat cannot be read: computing and waiting for a CPU cannot be told apart, nor can a process "
                + "that is stopped from a watchdog that gets no CPU.")
    }
    if SmallFile.read(root + "/proc/self/stat", limit: 1024) == nil {
        missing.append(
            "/proc/self/stat cannot be read: waiting for a disk, page faults, time in the kernel and stopped threads are "
                + "not recognised.")
    }
    if SmallFile.read(root + "/proc/self/maps", limit: 256) == nil {
        missing.append(
            "/proc/self/maps cannot be read: the stack of a thread that is not guarded (the owner of a lock) is copied as far "
                + "as memory goes.")
    }
    missing += HostProbe.missing(root: root, tid: lg_current_tid())
    if !lg_memory_is_readable() {
        missing.append(
            "Neither process_vm_readv(2) nor /proc/self/mem can be used: stacks end after their first frame, and targets of "
                + "system calls and owners of locks are not named.")
    }
    if !lg_membarrier_is_there() {
        missing.append(
            "membarrier(2) is missing: the watchdog wakes up once a second even when nothing happens.")
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
    if !lg_capture_signal_is_free(StackCapturer.poolSignal) {
        missing.append(
            "Signal \(StackCapturer.poolSignal) is handled by the program itself: the stack of a thread of libdispatch or "
                + "of Swift's cooperative pool cannot be taken while it computes.")
    }
    if !DebugFiles.executableHasLines() {
        missing.append(
            "The executable has no debug information: frames have a function at best, but no file and line. Module, offset "
                + "and build-id in the report name the line offline.")
    }
    return missing
}
