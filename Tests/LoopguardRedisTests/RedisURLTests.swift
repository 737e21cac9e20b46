import LoopguardBus
import LoopguardRedis
import Testing

@Suite struct RedisURLTests {
    @Test(arguments: [
        ("redis://localhost", RedisURL(target: .tcp(host: "localhost", port: 6379))),
        ("REDIS://h:1/15", RedisURL(target: .tcp(host: "h", port: 1), database: 15)),
        ("redis://h/", RedisURL(target: .tcp(host: "h", port: 6379))),
        ("rediss://h:65535", RedisURL(target: .tcp(host: "h", port: 65535), usesTLS: true)),
        ("redis://:p@h", RedisURL(target: .tcp(host: "h", port: 6379), password: "p")),
        (
            "redis://us%3Aer:p%40%2F%3F%25:x@h:7/1",
            RedisURL(target: .tcp(host: "h", port: 7), user: "us:er", password: "p@/?%:x", database: 1)
        ),
        ("redis://[::1]:7", RedisURL(target: .tcp(host: "::1", port: 7))),
        ("redis://[fe80::1%eth0]", RedisURL(target: .tcp(host: "fe80::1%eth0", port: 6379))),
        ("unix:///run/redis.sock", RedisURL(target: .unixSocket(path: "/run/redis.sock"))),
        ("unix:///run/a%20b?db=2", RedisURL(target: .unixSocket(path: "/run/a b"), database: 2)),
        ("unix://u:p@/s", RedisURL(target: .unixSocket(path: "/s"), user: "u", password: "p")),
    ])
    func goodAddresses(_ input: String, _ expected: RedisURL) throws {
        #expect(try RedisURL(input) == expected)
    }

    @Test(arguments: [
        ("", "empty"), ("localhost:6379", "no scheme"), ("http://h", "scheme is none of"),
        ("redis://", "host is missing"),
        ("redis://:6379", "host is missing"), ("redis://h:", "port must"), ("redis://h:0", "port must"),
        ("redis://h:65536", "port must"), ("redis://h:+1", "port must"), ("redis://h:1:2", "brackets"),
        ("redis://::1", "brackets"), ("redis://[::1", "]"), ("redis://[::1]x", "PORT"), ("redis://[]", "IPv6"),
        ("redis://h/x", "database must"), ("redis://h/-1", "database must"),
        ("redis://h/99999999999999999999", "database must"),
        ("redis://h?db=1", "? and #"), ("redis://h#1", "? and #"), ("redis://h ost", "spaces"),
        ("redis://h\nx", "spaces"),
        ("redis://secret@h", "password alone"), ("redis://u:@h", "is empty"), ("redis://u:se@cret@h", "%40"),
        ("redis://u:se/cret@h", "%2F"), ("redis://u:secret%4@h", "hexadecimal"), ("redis://u:secret%ff@h", "UTF-8"),
        ("redis://a%20b", "percent-encoded"), ("unix://run/x", "absolute"), ("unix://", "path is missing"),
        ("unix:///", "path is missing"), ("unix:///s?pass=secret", "only option"), ("unix:///s?db=x", "database must"),
        ("unix:///" + String(repeating: "x", count: 120), "107"),
        ("redis://" + String(repeating: "x", count: 3000), "2048"),
    ])
    func badAddressesNameTheRemedyAndNoPassword(_ input: String, _ expected: String) {
        let error = #expect(throws: BusError.self) { try RedisURL(input) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("secret") == false, "\(error?.message ?? "")")
        #expect(error?.message.contains("cret") == false, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }

    @Test(arguments: [
        "redis://u:***@h:1/2", "rediss://h:6379", "redis://:***@[::1]:6379", "unix:///s?db=1",
    ])
    func descriptionHidesThePassword(_ text: String) throws {
        let url = try RedisURL(text.replacing("***", with: "top"))
        #expect(url.description == text)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let parts = [
            "redis://", "unix://", "rediss://", ":", "@", "/", "h", "[", "]", "%", "%4", "%41", "?db=", "1", "ü", "#",
            "::1", "\u{0}",
        ]
        var good = 0
        for _ in 0..<3000 {
            let input = (0...Int(random.next() % 7)).map { _ in parts[Int(random.next() % UInt64(parts.count))] }
                .joined()
            if let url = try? RedisURL(input) {
                good += 1
                // What is shown can be read again.
                #expect(throws: Never.self, "\(input)") { try RedisURL(url.description.replacing("***", with: "x")) }
            }
        }
        #expect(good > 10)
    }
}
