import CAccuracy
import Foundation

/// Makes what plants need, and says which of them this machine cannot do.
struct PlantPreparation {
    var site: PlantSite
    var kinds: [PlantKind]
    var skipped: [Skip] = []

    /// - Parameter coldBytes: size of the file whose pages are read back in.
    init(kinds wanted: [PlantKind], directory: String, coldBytes: Int) {
        site = PlantSite(directory: directory)
        kinds = wanted
        if has("connect") { refuse("connect", acc_black_hole_start(), "no listener on loopback") }
        if has("getaddrinfo") { refuse("getaddrinfo", acc_resolver_start(), "no resolver on loopback") }
        if has("dlopen") {
            site.library = Self.slowLibrary(in: directory)
            if site.library == nil { skip("dlopen", "no C compiler (cc) to make a library with a slow constructor") }
        }
        if has("cold mmap") {
            let path = directory + "/cold"
            let status = acc_cold_file(path, coldBytes)
            site.coldFile = path
            if status == ENOTSUP {
                skip("cold mmap", "the file system keeps the file's pages in memory")
            } else {
                refuse("cold mmap", status, "the file cannot be made")
            }
        }
    }

    private func has(_ name: String) -> Bool { kinds.contains { $0.name == name } }

    private mutating func skip(_ name: String, _ reason: String) {
        kinds.removeAll { $0.name == name }
        skipped.append(Skip(name: name, reason: reason))
    }

    private mutating func refuse(_ name: String, _ status: Int32, _ what: String) {
        if status != 0 { skip(name, "\(what): \(String(cString: strerror(status)))") }
    }

    /// A shared library whose constructor sleeps as long as an environment variable says.
    static func slowLibrary(in directory: String) -> String? {
        let source = directory + "/slow.c"
        let library = directory + "/libslow.so"
        let text = """
            #include <stdlib.h>
            #include <time.h>
            __attribute__((constructor)) static void slow_start(void) {
                const char *text = getenv("LOOPGUARD_ACCURACY_SLEEP_NS");
                unsigned long long ns = text ? strtoull(text, 0, 10) : 0;
                struct timespec t = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
                if (ns) while (nanosleep(&t, &t) != 0) {}
            }
            """
        guard (try? text.write(toFile: source, atomically: true, encoding: .utf8)) != nil else { return nil }
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = ["cc", "-g", "-shared", "-fPIC", "-o", library, source]
        compiler.standardError = FileHandle.nullDevice
        guard (try? compiler.run()) != nil else { return nil }
        compiler.waitUntilExit()
        return compiler.terminationStatus == 0 ? library : nil
    }
}
