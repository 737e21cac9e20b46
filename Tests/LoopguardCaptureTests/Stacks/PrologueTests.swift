import Testing

@testable import LoopguardCapture

@Suite struct PrologueTests {
    @Test func plain() {
        // push rbp; mov rbp,rsp; ret
        #expect(Prologue.decode([0x55, 0x48, 0x89, 0xe5, 0xc3]) == Prologue(frameSize: 0, alignment: 1))
    }

    @Test func pushesAndSubtraction() {
        // endbr64; push rbp; mov rbp,rsp; push r15; push r14; push rbx; sub rsp,0x28; mov …
        let code: [UInt8] = [
            0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x41, 0x57, 0x41, 0x56, 0x53, 0x48, 0x83, 0xec, 0x28, 0x48,
            0x8b, 0x07,
        ]
        #expect(Prologue.decode(code) == Prologue(frameSize: 24 + 0x28, alignment: 1))
    }

    @Test func largeFrame() {
        // push rbp; mov rbp,rsp; sub rsp,0x1238
        let code: [UInt8] = [0x55, 0x48, 0x89, 0xe5, 0x48, 0x81, 0xec, 0x38, 0x12, 0, 0]
        #expect(Prologue.decode(code) == Prologue(frameSize: 0x1238, alignment: 1))
    }

    @Test func aligned() {
        // push rbp; mov rbp,rsp; push r13; and rsp,-32; sub rsp,0x40
        let code: [UInt8] = [
            0x55, 0x48, 0x89, 0xe5, 0x41, 0x55, 0x48, 0x83, 0xe4, 0xe0, 0x48, 0x83, 0xec, 0x40,
        ]
        #expect(Prologue.decode(code) == Prologue(frameSize: 0x48, alignment: 32))
    }

    @Test func async() {
        // push rbp; push r14; lea rbp,[rsp+8]; push r13; sub rsp,0x10
        let code = AsyncChain.prologue + [0x41, 0x55, 0x48, 0x83, 0xec, 0x10]
        #expect(Prologue.decode(code) == Prologue(frameSize: 8 + 8 + 0x10, alignment: 1))
    }

    @Test func fastPathBefore() {
        // test rdi,rdi; je …; push rbp; mov rbp,rsp; push rbx
        let code: [UInt8] = [0x48, 0x85, 0xff, 0x74, 0x10, 0x55, 0x48, 0x89, 0xe5, 0x53]
        #expect(Prologue.decode(code) == Prologue(frameSize: 8, alignment: 1))
    }

    @Test func noFramePointer() {
        #expect(Prologue.decode([0x48, 0x83, 0xec, 0x18, 0xc3]) == nil)
        #expect(Prologue.decode([UInt8]()) == nil)
        #expect(Prologue.decode([0x55]) == nil)
        #expect(Prologue.decode([UInt8](repeating: 0x90, count: 200)) == nil)
    }

    @Test func anyBytesGiveAnAnswer() {
        var random = SplitMix64(state: 7)
        for length in 0..<200 {
            let start: [UInt8] = length % 2 == 0 ? [0x55, 0x48, 0x89, 0xe5] : []
            let code = start + (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            if let prologue = Prologue.decode(code) { #expect(prologue.alignment > 0) }
        }
    }

    @Test func calls() {
        #expect(Prologue.call(before: [0, 0, 0xe8, 0x10, 0, 0, 0]) == .direct(displacement: 16))
        #expect(Prologue.call(before: [0, 0, 0xe8, 0xf0, 0xff, 0xff, 0xff]) == .direct(displacement: -16))
        #expect(Prologue.call(before: [0, 0, 0, 0, 0, 0xff, 0xd0]) == .indirect)  // call rax
        #expect(Prologue.call(before: [0, 0, 0, 0, 0x41, 0xff, 0xd4]) == .indirect)  // call r12
        #expect(Prologue.call(before: [0, 0, 0, 0, 0xff, 0x50, 0x18]) == .indirect)  // call [rax+0x18]
        #expect(Prologue.call(before: [0, 0xff, 0x15, 1, 2, 3, 4]) == .indirect)  // call [rip+…]
        #expect(Prologue.call(before: [0xff, 0x94, 0x24, 1, 2, 3, 4]) == .indirect)  // call [rsp+…]
        #expect(Prologue.call(before: [0, 0, 0, 0, 0, 0, 0]) == .none)
        #expect(Prologue.call(before: [0x90, 0x90, 0x90, 0x90, 0x90, 0xff, 0xe0]) == .none)  // jmp rax
        #expect(Prologue.call(before: [0xff, 0xd0]) == .none)
    }
}
