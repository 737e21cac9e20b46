import Testing

@testable import LoopguardCore

struct StallTallyTests {
    @Test func placesAreToldApartByFingerprintRouteAndBlame() {
        var tally = StallTally(boundsNs: [100_000_000, 500_000_000])
        tally.add(.sample(durationMs: 90))
        tally.add(.sample(durationMs: 500))
        tally.add(.sample(durationMs: 100, fingerprint: "ffffffffffffffff"))
        tally.add(.sample(durationMs: 100, scope: nil))
        var host = StallReport.sample(durationMs: 70)
        host.cause.hostAtFault = true
        tally.add(host)
        #expect(tally.places.map(\.count) == [2, 1, 1, 1])
        #expect(tally.places[0].atLeast == [1, 1])
        #expect(tally.places[0].maxNs == 500_000_000)
        #expect(tally.places[0].totalNs == 590_000_000)
        #expect(tally.places[0].at == "SlowStore.load(_:) Sources/App/SlowStore.swift:17")
        #expect(tally.places[3].isHostAtFault)
        #expect(tally.ticks == 5)
    }

    @Test func whatIsNoTickOfAGuardedLoopIsCountedApart() {
        var tally = StallTally()
        var pool = StallReport.sample()
        pool.kind = .blockingPool
        tally.add(pool)
        tally.add(.sample(loop: "control"))
        #expect(tally.places.map(\.isTick) == [false])
        #expect(tally.places[0].count == 2)
        #expect(tally.ticks == 0)
    }

    @Test func callsThatStrictModeObjectsToAreNoStalls() {
        var tally = StallTally(boundsNs: [1])
        var call = StallReport.sample()
        call.kind = .blockingCall
        tally.add(call)
        #expect(tally == StallTally(boundsNs: [1]))
    }

    @Test func beyondTheBoundPlacesAreCountedTogether() {
        var tally = StallTally()
        for number in 0..<1_200 { tally.add(.sample(fingerprint: "\(number)")) }
        #expect(tally.places.count == StallTally.maximumPlaces + 1)
        #expect(tally.places.last?.count == 200)
        #expect(tally.places.last?.fingerprint == "")
        #expect(tally.ticks == 1_200)
    }

    @Test func mergingIsTheSameAsCountingTogether() {
        var all = StallTally(boundsNs: [100])
        var a = all
        var b = all
        for number in 0..<20 {
            // No connections: sums of fractions depend on their order.
            let report = StallReport.sample(
                durationMs: UInt64(50 + number), fingerprint: "\(number % 3)", connections: 0)
            all.add(report)
            if number < 9 { a.add(report) } else { b.add(report) }
        }
        a.merge(b)
        #expect(a == all)
    }

    @Test func otherBoundsAreTakenForTheWorst() {
        var tally = StallTally(boundsNs: [1_000_000_000])
        var other = StallTally()
        other.add(.sample(durationMs: 60))
        tally.merge(other)
        #expect(tally.places[0].atLeast == [1])
    }

    @Test func bucketsAreNarrowAndComplete() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<10_000 {
            let ns = generator.next() >> UInt64.random(in: 0...63, using: &generator)
            let bucket = StallTally.bucket(ofNs: ns)
            let low = StallTally.lowerBoundNs(ofBucket: bucket)
            let high = StallTally.lowerBoundNs(ofBucket: bucket + 1)
            #expect(low <= ns)
            #expect(ns < high || high == .max)
            #expect(ns < 16 || Double(high - low) <= Double(low) * 0.0626)
        }
    }

    @Test func aTallySurvivesTheWayToTheSupervisor() throws {
        var status = WorkerStatus.sample()
        var tally = StallTally(boundsNs: [20_000_000])
        tally.add(.sample())
        status.tally = tally
        #expect(try StallJSON.decode(WorkerStatus.self, from: StallJSON.encode(status)) == status)
    }
}
