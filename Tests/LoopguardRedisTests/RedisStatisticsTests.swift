import LoopguardBus
import Testing

@testable import LoopguardRedis

@Suite struct RedisStatisticsTests {
    private func statistics(_ connections: UInt64?, _ output: UInt64?, _ evicted: UInt64?) -> RedisStatistics {
        var statistics = RedisStatistics()
        statistics.connections = connections
        statistics.outputBufferDisconnections = output
        statistics.evictedClients = evicted
        return statistics
    }

    @Test func causesAreToldApart() {
        let before = statistics(10, 1, 1)
        func text(_ after: RedisStatistics) -> String { RedisStatistics.explanation(before: before, after: after) }
        #expect(text(statistics(2, 0, 0)).contains("restarted"))
        #expect(text(statistics(11, 2, 1)).contains("output buffer was full"))
        #expect(text(statistics(11, 1, 2)).contains("evicted"))
        #expect(text(statistics(11, nil, nil)).contains("does not count"))
        #expect(text(statistics(11, 1, 1)).contains("CLIENT KILL"))
    }

    @Test func infoIsRead() {
        let info =
            "# Stats\r\ntotal_connections_received:7\r\nclient_output_buffer_limit_disconnections:2\r\nbad\r\nx:y\r\n"
        #expect(RedisStatistics(info) == statistics(7, 2, nil))
    }
}
