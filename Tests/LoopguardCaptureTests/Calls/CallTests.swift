import Glibc
import LoopguardCore
import Testing

@testable import LoopguardCapture

@Suite struct FutexOwnerTests {
    private func owner(
        operation: UInt64, expected: UInt64, memory: [UInt64: UInt32], waiter: Int32 = 5
    ) -> Int32? {
        FutexOwner.find(
            arguments: [0x1000, operation, expected, 0, 0, 0], waiter: waiter, word: { memory[$0] },
            isThread: { $0 == 42 })
    }

    @Test func mutex() {
        #expect(owner(operation: 0x80, expected: 2, memory: [0x1000: 2, 0x1008: 42]) == 42)
        #expect(owner(operation: 0x189, expected: 2, memory: [0x1000: 2, 0x1008: 42]) == 42)
    }

    @Test func notALock() {
        #expect(owner(operation: 0x80, expected: 2, memory: [0x1000: 0, 0x1008: 42]) == nil)  // freed meanwhile
        #expect(owner(operation: 0x80, expected: 7, memory: [0x1000: 7, 0x1008: 42]) == nil)  // condition
        #expect(owner(operation: 0x80, expected: 2, memory: [0x1000: 2, 0x1008: 43]) == nil)  // no thread of ours
        #expect(owner(operation: 0x80, expected: 2, memory: [0x1000: 2, 0x1008: 42], waiter: 42) == nil)
        #expect(owner(operation: 0x80, expected: 2, memory: [0x1000: 2]) == nil)
        #expect(owner(operation: 0x80, expected: 2, memory: [:]) == nil)
        #expect(owner(operation: 1, expected: 2, memory: [0x1000: 2, 0x1008: 42]) == nil)  // wake
        #expect(FutexOwner.find(arguments: [], waiter: 1, word: { _ in 2 }, isThread: { _ in true }) == nil)
    }

    @Test func ownerInTheWord() {
        #expect(owner(operation: 0x86, expected: 0, memory: [0x1000: 0x8000_002a]) == 42)  // Swift's Mutex
        #expect(owner(operation: 0x80, expected: 0x8000_002a, memory: [0x1000: 0x8000_002a]) == 42)
        #expect(owner(operation: 0x80, expected: 0x2a, memory: [0x1000: 0x2a]) == nil)
    }
}

@Suite struct SocketAddressTests {
    @Test func text() {
        #expect(SocketAddress.text([2, 0, 0x15, 0x38, 10, 0, 0, 7]) == "10.0.0.7:5432")
        #expect(
            SocketAddress.text([10, 0, 0, 80, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 15) + [1]) == "[::1]:80")
        #expect(SocketAddress.text([1, 0] + Array("/run/x.sock".utf8) + [0, 9]) == "unix:/run/x.sock")
        #expect(SocketAddress.text([1, 0, 0] + Array("name".utf8)) == "unix:@name")
        #expect(SocketAddress.text([1, 0]) == "unix:")
        #expect(SocketAddress.text([1, 0, 0, 0, 0]) == "unix:")
    }

    @Test func broken() {
        for bytes: [UInt8] in [[], [2], [2, 0], [2, 0, 1, 2, 3], [10, 0, 1, 2, 3], [99, 0, 1, 2, 3, 4, 5, 6, 7]] {
            #expect(SocketAddress.text(bytes) == nil)
        }
    }

    @Test func listeningSocket() throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(SocketAddress.of(descriptor: descriptor) == nil)
        #expect(SocketAddress.of(descriptor: -1) == nil)
    }
}

@Suite struct DescribeCallTests {
    private func call(_ number: Int, _ arguments: UInt64...) -> SystemCallState {
        let padded = arguments + [UInt64](repeating: 0, count: 6 - arguments.count)
        return .blocked(number: number, arguments: padded, stackPointer: 0, programCounter: 0)
    }

    @Test func names() {
        #expect(SystemCallNames.name(of: 0) == "read")
        #expect(SystemCallNames.name(of: 42) == "connect")
        #expect(SystemCallNames.name(of: 202) == "futex")
        #expect(SystemCallNames.name(of: 230) == "clock_nanosleep")
        #expect(SystemCallNames.name(of: 257) == "openat")
        #expect(SystemCallNames.name(of: 334) == "rseq")
        #expect(SystemCallNames.name(of: 424) == "pidfd_send_signal")
        #expect(SystemCallNames.name(of: 451) == "cachestat")
        #expect(SystemCallNames.name(of: 400) == nil)
        #expect(SystemCallNames.name(of: -1) == nil)
        #expect(describe(call: call(9999), tid: 1) == BlockedCall(name: "system call 9999"))
    }

    @Test func onlyBlockedThreadsHaveACall() {
        #expect(describe(call: .running, tid: 1) == nil)
        #expect(describe(call: .unavailable, tid: 1) == nil)
        #expect(describe(call: .outsideSystemCall(stackPointer: 1, programCounter: 2), tid: 1) == nil)
    }

    @Test func path() {
        "/etc/hosts".withCString { path in
            let address = UInt64(UInt(bitPattern: path))
            let here = UInt64(bitPattern: Int64(-100))  // AT_FDCWD
            #expect(
                describe(call: call(257, here, address), tid: 1) == BlockedCall(name: "openat", target: "/etc/hosts"))
            #expect(describe(call: call(4, address), tid: 1) == BlockedCall(name: "stat", target: "/etc/hosts"))
        }
        "hosts".withCString { path in
            let directory = open("/etc", O_RDONLY | O_DIRECTORY)
            defer { close(directory) }
            let address = UInt64(UInt(bitPattern: path))
            #expect(describe(call: call(257, UInt64(directory), address), tid: 1)?.target == "/etc/hosts")
        }
    }

    @Test func unreadableArgumentsAreLeftOut() {
        #expect(describe(call: call(4, 8), tid: 1) == BlockedCall(name: "stat"))
        #expect(describe(call: call(0, .max), tid: 1) == BlockedCall(name: "read"))
        #expect(describe(call: call(7, .max, .max), tid: 1) == BlockedCall(name: "poll"))
        #expect(describe(call: call(42, .max, 16, 16), tid: 1) == BlockedCall(name: "connect"))
        #expect(describe(call: call(202, 16, 0x80, 2), tid: 1) == BlockedCall(name: "futex", target: "futex 0x10"))
    }

    @Test func connectNamesThePeer() {
        let bytes: [UInt8] = [2, 0, 0x15, 0x38, 10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]
        bytes.withUnsafeBufferPointer { buffer in
            let address = UInt64(UInt(bitPattern: buffer.baseAddress))
            #expect(describe(call: call(42, .max, address, 16), tid: 1)?.target == "10.0.0.7:5432")
        }
    }

    @Test func fileDescriptor() {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(describe(call: call(0, UInt64(descriptor)), tid: 1) == BlockedCall(name: "read", target: "/dev/null"))
    }

    @Test func threadNames() {
        #expect(threadName(of: -1) == nil)
        #expect(threadName(of: 1 << 30) == nil)
        #expect(threadName(of: Int32(getpid()))?.isEmpty == false)
    }
}
