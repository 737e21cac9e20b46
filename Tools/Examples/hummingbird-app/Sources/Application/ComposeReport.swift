import Glibc

/// Waits for a slow disk, or so it seems: blocks its thread for 300 ms.
@inline(never)
func composeReport() -> String {
    usleep(300_000)
    return "Nothing happened.\n"
}
