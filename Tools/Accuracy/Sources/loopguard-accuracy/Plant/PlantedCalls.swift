import CAccuracy

extension Planted {
    // Each touches another number of bytes: the compiler makes one function of several that differ in a constant or a callee
    // only, and what stands on the stack then has the name of one of the others.
    @inline(never)
    static func spinUser(_ ns: UInt64) -> acc_outcome {
        return acc_spin_user(ns)
    }

    @inline(never)
    static func spinKernel(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        return acc_spin_kernel(ns)
    }

    @inline(never)
    static func usleep(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        return acc_usleep(ns)
    }

    @inline(never)
    static func readPipe(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_read_pipe(ns)
    }

    @inline(never)
    static func receive(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_recv(ns)
    }

    @inline(never)
    static func poll(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_poll(ns)
    }

    @inline(never)
    static func connect(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_connect(ns)
    }

    @inline(never)
    static func resolve(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_getaddrinfo(ns)
    }

    @inline(never)
    static func contendedMutex(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_mutex(ns)
    }

    @inline(never)
    static func conditionWait(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_condition(ns)
    }

    @inline(never)
    static func waitForChild(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_waitpid(ns)
    }

    @inline(never)
    static func allocate(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_malloc(ns)
    }

    @inline(never)
    static func maskedSpin(_ ns: UInt64) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_masked_spin(ns, captureSignal)
    }

    @inline(never)
    static func syncFile(_ ns: UInt64, _ site: PlantSite) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_fsync(ns, site.directory)
    }

    @inline(never)
    static func lockFile(_ ns: UInt64, _ site: PlantSite) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_flock(ns, site.directory)
    }

    @inline(never)
    static func loadLibrary(_ ns: UInt64, _ site: PlantSite) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_dlopen(ns, site.library ?? "")
    }

    @inline(never)
    static func touchCold(_ ns: UInt64, _ site: PlantSite) -> acc_outcome {
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        acc_touch()
        return acc_cold_mmap(ns, site.coldFile ?? "")
    }
}
