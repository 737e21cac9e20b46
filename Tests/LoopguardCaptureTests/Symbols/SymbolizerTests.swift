import CLoopguard
import Glibc
import LoopguardCapture
import LoopguardCore
import Testing

@Suite struct SymbolizerTests {
    /// The address of a function of this executable.
    private var ownFunction: UInt64 {
        let function: @convention(c) () -> UInt64 = lg_capture_handler_runs
        // SAFETY: a C function pointer is an address.
        return UInt64(unsafeBitCast(function, to: UInt.self))
    }

    @Test func ownFunctionHasPlaceModuleAndBuildID() throws {
        let frame = try #require(Symbolizer().symbolicate([.init(value: ownFunction, kind: .programCounter)]).last)
        #expect(frame.function == "lg_capture_handler_runs")
        #expect(frame.file?.hasSuffix("/Sources/CLoopguard/lg_capture.c") == true)
        #expect((frame.line ?? 0) > 0)
        #expect(frame.module?.hasSuffix(".xctest") == true)
        #expect(frame.moduleOffset?.hasPrefix("0x") == true)
        #expect(frame.address == "0x" + String(ownFunction, radix: 16))
        #expect(frame.buildId?.allSatisfy(\.isHexDigit) != false)
        #expect(frame.kind == .physical)
        #expect(frame.isRuntime)
    }

    /// A return address is looked up in the instruction before it.
    @Test func returnAddressBelongsToTheCall() throws {
        let symbolizer = Symbolizer()
        let exact = try #require(symbolizer.symbolicate([.init(value: ownFunction, kind: .programCounter)]).last)
        let before = try #require(symbolizer.symbolicate([.init(value: ownFunction, kind: .returnAddress)]).last)
        #expect(exact.function == "lg_capture_handler_runs")
        #expect(before.function != exact.function)
        let after = try #require(symbolizer.symbolicate([.init(value: ownFunction + 1, kind: .returnAddress)]).last)
        #expect(after.function == exact.function)
        #expect(after.address == "0x" + String(ownFunction + 1, radix: 16))
    }

    /// Of a function that neither a sanitizer nor strict mode wraps.
    @Test func libraryFunction() throws {
        let address = UInt64(UInt(bitPattern: try #require(dlsym(nil, "lsearch"))))
        let frames = Symbolizer().symbolicate([.init(value: address, kind: .programCounter)])
        #expect(frames.count == 1)
        #expect(frames.first?.function == "lsearch")
        #expect(frames.first?.module?.hasPrefix("libc.so") == true)
        #expect(frames.first?.isRuntime == true)
    }

    @Test(arguments: [UInt64(0), 1, 8, 0xdead_beef_dead_beef, UInt64.max]) func unknownAddress(value: UInt64) {
        for kind in [CapturedAddress.Kind.programCounter, .returnAddress, .asyncResume] {
            let frames = Symbolizer().symbolicate([.init(value: value, kind: kind)])
            let expected: FrameKind = kind == .asyncResume ? .async : .physical
            #expect(
                frames == [StackFrame(function: nil, address: "0x" + String(value, radix: 16), kind: expected)])
        }
    }

    @Test func smallCacheGivesTheSameAnswers() {
        let addresses = (0..<50).map { CapturedAddress(value: ownFunction + UInt64($0 % 20), kind: .programCounter) }
        let frames = Symbolizer(maxCachedAddresses: 3).symbolicate(addresses)
        #expect(frames == Symbolizer().symbolicate(addresses))
        #expect(!frames.isEmpty)
        #expect(Symbolizer(maxCachedAddresses: -1).maxCachedAddresses == 1)
        #expect(Symbolizer().symbolicate([]).isEmpty)
    }

    @Test func facilitiesAreSentences() {
        for sentence in facilities() { #expect(sentence.hasSuffix(".")) }
    }
}
