import CAccuracy

/// All ways to block a loop that need nothing but the thread itself.
enum PlantCatalogue {
    private static let computing = "computing"
    private static let kernel = "computing-in-kernel"
    private static let blocked = "blocked-in-system-call"
    private static let lock = "lock-wait"
    private static let disk = "disk"
    private static let pageFault = "page-fault-io"
    private static let mixed = "mixed"

    static let all: [PlantKind] = computingKinds + systemCalls + locks + files + loader

    private static let computingKinds: [PlantKind] = [
        PlantKind("spin (user)", "Planted.spinUser", [computing]) { ns, _ in Planted.spinUser(ns) },
        PlantKind("spin (kernel)", "Planted.spinKernel", [kernel]) { ns, _ in Planted.spinKernel(ns) },
        PlantKind("deep recursion", "Planted.descend", [computing]) { ns, _ in Planted.recurse(ns) },
        // What the allocator does in the kernel is part of it.
        PlantKind("malloc", "Planted.allocate", [computing, kernel]) { ns, _ in Planted.allocate(ns) },
        PlantKind("spin, signal masked", "Planted.maskedSpin", [computing]) { ns, _ in Planted.maskedSpin(ns) }
            .expecting { _ in
                Expectation(categories: [computing], function: "Planted.maskedSpin", isCapturable: false)
            },
    ]

    private static let sleeps = ["clock_nanosleep", "nanosleep"]
    private static let polls = ["poll", "ppoll"]

    private static let systemCalls: [PlantKind] = [
        PlantKind("usleep", "Planted.usleep", [blocked], calls: sleeps) { ns, _ in Planted.usleep(ns) },
        PlantKind("Thread.sleep", "Planted.threadSleep", [blocked], calls: sleeps) { ns, _ in Planted.threadSleep(ns) },
        PlantKind("read (pipe)", "Planted.readPipe", [blocked], calls: ["read"]) { ns, _ in Planted.readPipe(ns) },
        PlantKind("recv", "Planted.receive", [blocked], calls: ["recvfrom"]) { ns, _ in Planted.receive(ns) },
        PlantKind("poll", "Planted.poll", [blocked], calls: polls) { ns, _ in Planted.poll(ns) },
        PlantKind("connect", "Planted.connect", [blocked], calls: ["connect"]) { ns, _ in Planted.connect(ns) },
        PlantKind("getaddrinfo", "Planted.resolve", [blocked], calls: polls) { ns, _ in Planted.resolve(ns) },
        PlantKind("waitpid", "Planted.waitForChild", [blocked], calls: ["wait4", "waitid"]) { ns, _ in
            Planted.waitForChild(ns)
        },
    ]

    private static let locks: [PlantKind] = [
        PlantKind("mutex", "Planted.contendedMutex", [lock]) { ns, _ in Planted.contendedMutex(ns) },
        PlantKind("condition", "Planted.conditionWait", [lock]) { ns, _ in Planted.conditionWait(ns) },
        PlantKind("DispatchSemaphore", "Planted.waitForSemaphore", [lock]) { ns, _ in Planted.waitForSemaphore(ns) },
        PlantKind("DispatchQueue.sync", "Planted.waitForQueue", [lock]) { ns, _ in Planted.waitForQueue(ns) },
    ]

    private static let files: [PlantKind] = [
        PlantKind("flock", "Planted.lockFile", [blocked], calls: ["flock"]) { ns, site in Planted.lockFile(ns, site) },
        PlantKind("fsync", "Planted.syncFile", [disk]) { ns, site in Planted.syncFile(ns, site) }
            .expecting { truth in
                // Writing and waiting take turns, and how much of each the disk decides.
                Expectation(
                    categories: truth.cpuShare < 0.4 ? [disk] : [disk, mixed, kernel],
                    function: "Planted.syncFile")
            },
        PlantKind("cold mmap", "Planted.touchCold", [pageFault]) { ns, site in Planted.touchCold(ns, site) }
            .expecting { truth in
                Expectation(
                    categories: truth.cpuShare < 0.6 ? [pageFault] : [pageFault, mixed, kernel, computing],
                    function: "Planted.touchCold")
            },
    ]

    private static let loader: [PlantKind] = [
        PlantKind("dlopen", "Planted.loadLibrary", [blocked], calls: sleeps) { ns, site in
            Planted.loadLibrary(ns, site)
        }
    ]
}
