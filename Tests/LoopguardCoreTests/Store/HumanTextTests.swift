import Testing

@testable import LoopguardCore

@Suite struct HumanTextTests {
    @Test(
        arguments: [
            (0, "0 ns"), (999, "999 ns"), (1_500, "1.5 µs"), (240_000, "240 µs"), (1_000_000, "1.0 ms"),
            (50_200_000, "50 ms"), (812_400_000, "812 ms"), (999_900_000, "1.00 s"), (1_240_000_000, "1.24 s"),
            (12_300_000_000, "12.3 s"), (200_000_000_000, "3 min 20 s"), (180_000_000_000, "3 min"),
            (7_500_000_000_000, "2 h 5 min"), (90_000_000_000_000, "1 d 1 h"), (.max, "213503 d 23 h"),
        ] as [(UInt64, String)])
    func durations(ns: UInt64, text: String) { #expect(HumanText.duration(ns: ns) == text) }

    @Test func countsAndShares() {
        #expect(HumanText.count(4_120) == "4,120")
        #expect(HumanText.count(999) == "999")
        #expect(HumanText.count(-1_234_567) == "-1,234,567")
        #expect(HumanText.count(1, "connection") == "1 connection")
        #expect(HumanText.count(2, "connection") == "2 connections")
        #expect(HumanText.percent(0.434) == "43 %")
        #expect(HumanText.percent(.nan) == "– %")
        #expect(HumanText.fixed(-0.004, digits: 2) == "0.00")
        #expect(HumanText.fixed(3.05, digits: 2) == "3.05")
        #expect(HumanText.connectionSeconds(3139.4) == "3,139")
        #expect(HumanText.ago(unixNs: 0, now: 61_000_000_000) == "1 min ago")
        #expect(HumanText.ago(unixNs: .min, now: .max) == "just now")
    }
}
