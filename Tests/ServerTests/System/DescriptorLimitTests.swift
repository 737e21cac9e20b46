import Testing

@testable import loopguard_server

struct DescriptorLimitTests {
    @Test(arguments: [
        // Enough: what was asked for.
        (10_000, 20_000, 10_000), (10_000, Int.max, 10_000), (10_000, 10_400, 10_000),
        // Not enough: the reserve stays free.
        (10_000, 4096, 3696), (10_000, 1024, 624),
        // Too small for the reserve: half.
        (10_000, 200, 100), (10_000, 1, 1), (10_000, 0, 1), (1, 0, 1), (5, 200, 5),
    ])
    func connections(wanted: Int, limit: Int, possible: Int) {
        #expect(DescriptorLimit.connections(wanted: wanted, limit: limit) == possible)
    }
}
