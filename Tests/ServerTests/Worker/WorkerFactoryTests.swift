import Loopguard
import LoopguardCore
import Testing

@testable import loopguard_server

struct WorkerFactoryTests {
    @Test func aGateIsToldOfStallsBesidesTheOthersAndNotInsteadOfThem() throws {
        let plain = WorkerFactory.configuration(ServerSettings(), index: 1, counter: nil)
        #expect(plain.reporters == nil, "nil = the default ones")
        let counter = StallCounter(budget: nil)
        let gated = WorkerFactory.configuration(ServerSettings(), index: 1, counter: counter)
        let names = { (reporters: [any StallReporter]) in reporters.map { "\(type(of: $0))" } }
        let told = try #require(gated.reporters)
        #expect(names(told) == names(plain.defaultReporters) + ["StallCounter"])
        #expect(told.last as? StallCounter === counter)
    }

    @Test func whatIsWatchedCanBeChosen() {
        var settings = ServerSettings()
        #expect(WorkerFactory.configuration(settings, index: 0, counter: nil).watchesCooperativePool)
        settings.watchesCooperativePool = false
        settings.blockingQueueAgeMilliseconds = 250
        let configuration = WorkerFactory.configuration(settings, index: 0, counter: nil)
        #expect(!configuration.watchesCooperativePool)
        #expect(configuration.offload.queueAgeThreshold == .milliseconds(250))
    }
}
