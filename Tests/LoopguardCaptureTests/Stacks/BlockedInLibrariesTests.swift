import CLoopguard
import Dispatch
import Foundation
import Glibc
import LoopguardCapture
import LoopguardCore
import Testing

/// Ways from a handler through library code into a call that blocks.
enum LibraryPath: CaseIterable {
    case dispatchSync, map, comparator, encoder, fileHandle, lock, group, buffer, dictionary, description, contains

    func block(_ pipe: Pipe, _ held: NSLock) {
        switch self {
        case .dispatchSync: DispatchQueue(label: "test").sync { Planted.callsRead(pipe.reader) }
        case .map: Planted.keep([1].map { Planted.direct(pipe.reader, $0) })
        case .comparator:
            var isFirst = true
            Planted.keep(
                [3, 1, 2].sorted {
                    if isFirst { Planted.keep(Planted.direct(pipe.reader, $0)) }
                    isFirst = false
                    return $0 < $1
                })
        case .encoder: Planted.keep((try? JSONEncoder().encode([Blocking(descriptor: pipe.reader)])) as Any)
        case .fileHandle:
            Planted.keep(FileHandle(fileDescriptor: pipe.reader, closeOnDealloc: false).readData(ofLength: 1))
        case .lock:
            held.lock()
            held.unlock()
        case .group:
            let group = DispatchGroup()
            group.enter()
            spawn {
                Planted.callsRead(pipe.reader)
                group.leave()
            }
            group.wait()
        case .buffer:
            Planted.keep(
                withUnsafeTemporaryAllocation(byteCount: 1000 + Int(pipe.reader), alignment: 64) {
                    Planted.keep($0)
                    return Planted.direct(pipe.reader, 1)
                })
        case .dictionary:
            var values: [Int: [Int]] = [:]
            values[1, default: []].append(contentsOf: [7].lazy.map { Planted.direct(pipe.reader, $0) })
            Planted.keep(values)
        case .description: Planted.keep("\(Blocking(descriptor: pipe.reader))")
        case .contains: Planted.keep([1, 2].contains { Planted.direct(pipe.reader, $0) == 1 })
        }
        Planted.keep(pipe)
    }
}

private struct Blocking: Encodable, CustomStringConvertible {
    var descriptor: Int32
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Planted.direct(descriptor, 1))
    }
    var description: String { "\(Planted.direct(descriptor, 2))" }
}

extension Planted {
    /// Blocks in a call of libc with nothing in between. May be inlined.
    static func direct(_ descriptor: Int32, _ value: Int) -> Int {
        var byte: UInt8 = 0
        let count = read(descriptor, &byte, 1)
        keep(count)
        return value
    }
}

extension RealThreads {
    @Suite(.serialized) struct BlockedInLibrariesTests {
        @Test(arguments: LibraryPath.allCases) func isReadWhole(_ path: LibraryPath) throws {
            let capturer = try StackCapturer()
            let signals = lg_capture_handler_runs()
            let pipe = try Pipe()
            let held = NSLock()
            held.lock()
            let victim = Victim { path.block(pipe, held) }
            #expect(victim.waitUntilBlocked(in: "read", "futex") != nil)
            usleep(2000)
            let stack = capturer.capture(slot: victim.slot, tick: victim.tick)
            let frames = Symbolizer().symbolicate(stack.addresses)
            #expect(stack.validity == .verified, "\(stack.note ?? "")\n\(text(frames))")
            #expect(!stack.bySignal)
            #expect(lg_capture_handler_runs() == signals)
            #expect(frames.contains { $0.function?.contains("LibraryPath.block") == true }, "\(text(frames))")
            #expect(frames.contains { $0.function?.contains("Victim.init") == true }, "\(text(frames))")
            pipe.write()
            held.unlock()
            victim.finish()
        }
    }
}
