import CLoopguard
import Glibc
import LoopguardCapture
import LoopguardCore
import Testing

extension RealThreads {
    @Suite(.serialized) struct ThreadProbeTests {
        @Test func runningThreadUsesTheCPU() throws {
            let flag = Flag()
            let victim = Victim { Planted.spins(until: flag) }
            let probe = try ThreadProbe(tid: victim.tid)
            let first = probe.sample()
            usleep(50_000)
            let second = probe.sample()
            flag.set()
            victim.finish()
            #expect(second.atNs > first.atNs)
            #expect(second.cpuNs + second.runDelayNs > first.cpuNs + first.runDelayNs)
            #expect(second.cpuNs >= first.cpuNs)
            #expect(second.timeslices >= first.timeslices)
        }

        @Test func blockedThreadDoesNot() throws {
            let pipe = try Pipe()
            let victim = Victim { Planted.callsRead(pipe.reader) }
            #expect(victim.waitUntilBlocked(in: "read") != nil)
            let probe = try ThreadProbe(tid: victim.tid)
            let first = probe.sample()
            usleep(20_000)
            let second = probe.sample()
            #expect(second.state == "S")
            #expect(second.timeslices == first.timeslices)
            #expect(second.cpuNs == first.cpuNs)
            #expect(second.systemCall == first.systemCall)
            guard case .blocked(let number, let arguments, let stackPointer, _) = second.systemCall else {
                Issue.record("not blocked: \(second)")
                return
            }
            #expect(number == 0)
            #expect(arguments.first == UInt64(pipe.reader))
            let slot = victim.slot.pointee
            #expect(stackPointer > UInt64(slot.stack_low) && stackPointer < UInt64(slot.stack_high))
            pipe.write()
            victim.finish()
        }

        @Test func endedThreadIsUnavailable() throws {
            let victim = Victim {}
            let probe = try ThreadProbe(tid: victim.tid)
            victim.finish()
            for _ in 0..<2000 where probe.sample().systemCall != .unavailable { usleep(500) }
            #expect(probe.sample().systemCall == .unavailable)
            #expect(probe.sample().cpuNs == 0)
        }

        @Test func acceptNamesItsAddress() throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            try #require(listener >= 0)
            defer { close(listener) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let port = try withUnsafeMutablePointer(to: &address) { pointer in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { any in
                    try #require(bind(listener, any, length) == 0 && listen(listener, 1) == 0)
                    try #require(getsockname(listener, any, &length) == 0)
                }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
            let victim = Victim {
                let peer = accept(listener, nil, nil)
                Planted.callsRead(peer)
                close(peer)
            }
            #expect(victim.waitUntilBlocked(in: "accept", "accept4")?.target == "local 127.0.0.1:\(port)")
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            let connected = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, length) }
            }
            #expect(connected == 0)
            let target = victim.waitUntilBlocked(in: "read", "recvfrom")?.target
            #expect(target?.hasPrefix("127.0.0.1:") == true, "\(target ?? "-")")
            close(client)
            victim.finish()
        }
    }
}
