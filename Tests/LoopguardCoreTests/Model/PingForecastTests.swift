import LoopguardCore
import Testing

@Suite struct PingForecastTests {
    @Test func `a ping is missed once its span is over`() {
        var forecast = PingForecast(lookedAtNs: 1_000, horizonNs: 6_400)
        #expect(forecast.spanNs == 100)
        forecast.add(inNs: 0)
        forecast.add(inNs: 99)
        forecast.add(inNs: 250)
        forecast.add(inNs: 6_400)
        #expect(forecast.missed(until: 1_000) == 0)
        #expect(forecast.missed(until: 1_099) == 0)
        #expect(forecast.missed(until: 1_100) == 2)
        #expect(forecast.missed(until: 1_299) == 2)
        #expect(forecast.missed(until: 1_300) == 3)
        #expect(forecast.missed(until: .max) == 4, "the last span holds what is due at the horizon itself")
    }

    @Test func `what lies beyond the horizon is left out, and nothing overflows`() {
        var forecast = PingForecast(lookedAtNs: .max - 10, horizonNs: 0)
        forecast.add(inNs: .max)
        #expect(forecast.missed(until: .max) == 0)
        #expect(forecast.missed(until: 0) == 0, "before the look nothing was due")
    }
}
