import Testing

@testable import loopguard_server

struct WorkerEndingTests {
    @Test(arguments: [(0, 0), (71 << 8, 71), (255 << 8, 255)] as [(Int32, Int32)])
    func anExitCode(status: Int32, code: Int32) {
        let ending = WorkerProcess.Ending(status: status)
        #expect(ending == .code(code))
        #expect(ending.exitCode == code)
        #expect("\(ending)" == "exit code \(code)")
    }

    /// 0x80 is the mark of a core dump.
    @Test(arguments: [(9, 9), (11, 11), (0x80 | 11, 11)] as [(Int32, Int32)])
    func aSignal(status: Int32, number: Int32) {
        let ending = WorkerProcess.Ending(status: status)
        #expect(ending == .signal(number))
        #expect(ending.exitCode == nil)
        #expect("\(ending)".hasPrefix("signal \(number) ("))
    }
}
