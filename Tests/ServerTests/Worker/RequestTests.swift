import LoopguardBus
import Testing

@testable import loopguard_server

/// What clients send, and where it leads.
struct RequestTests {
    @Test(arguments: [("", 1000), (" ", 1000), ("200", 200), (" 5 ", 5), ("10000", 10_000), (#"{"ms": 200}"#, 200)])
    func aDemoRequestIsRead(_ text: String, _ milliseconds: Int) {
        #expect(DemoRequest(text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "0", "-1", "10001", "1.5", "x", "{}", #"{"ms":"200"}"#, #"{"ms":0}"#, "[200]", "99999999999999999999",
    ])
    func anythingElseIsRefused(_ text: String) { #expect(DemoRequest(text) == nil) }

    @Test(arguments: ["a", "Room-1_2.3", "café", "日本", String(repeating: "a", count: 64)])
    func aRoomHasAPlainName(_ name: String) { #expect(RoomName(name)?.topic == "room.\(name)") }

    @Test(arguments: [
        "", " ", "a b", "a/b", "a\nb", "a\u{0}", "😀", "a:b", "{a}", "*", String(repeating: "a", count: 65),
        String(repeating: "日", count: 67),
    ])
    func anythingElseIsNoRoom(_ name: String) { #expect(RoomName(name) == nil) }

    @Test(
        arguments: [
            ("/debug", nil, "/debug/stalls"), ("/debug/", nil, "/debug/stalls"), ("/debug/loops", nil, "/debug/loops"),
            ("/debug/stalls.json", "site=a-1&x=%20", "/debug/stalls.json?site=a-1&x=%20"),
            ("/debug/a\r\nSet-Cookie: x", nil, "/debug/stalls"), ("/debug/é", nil, "/debug/stalls"),
            ("/debug/loops", "a\r\nb", "/debug/loops"),
        ] as [(String, String?, String)])
    func theRedirectKeepsPlainPathsOnly(_ path: String, _ query: String?, _ target: String) {
        #expect(AdminRedirect.target(path, query) == target)
    }

    @Test func aFailedPublishTellsTheSenderWithoutOurAddresses() {
        let error = BusError(.unavailable, "redis://10.0.0.7:6379 refused")
        let text = RoomHandler.errorText(error)
        #expect(text.hasPrefix(#"{"error":"unavailable","message":"#))
        #expect(!text.contains("10.0.0.7"))
    }
}
