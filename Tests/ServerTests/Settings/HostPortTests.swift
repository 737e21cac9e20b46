import Testing

@testable import loopguard_server

struct HostPortTests {
    @Test(arguments: ["127.0.0.1:8081", "localhost:0", "[::1]:65535", "my-host.example:1"])
    func anAddressIsReadAndWrittenTheSame(_ text: String) {
        #expect(HostPort(text)?.description == text)
    }

    @Test(arguments: [
        "", ":", "8081", ":8081", "a:", "a:b", "a:65536", "a:-1", "::1:8081", "[::1:80", "a b:80", "http://a:80",
    ])
    func everythingElseIsRefused(_ text: String) {
        #expect(HostPort(text) == nil)
    }

    @Test func theNearestNameIsSuggestedAndNothingFarAway() {
        #expect(Suggestion.nearest(to: "prot", among: ["host", "port"]) == "port")
        #expect(Suggestion.nearest(to: "zzz", among: ["host", "port"]) == nil)
        #expect(Suggestion.nearest(to: "", among: ["host"]) == nil)
        #expect(Suggestion.nearest(to: "a", among: []) == nil)
    }
}
