import Foundation
import Testing

@testable import loopguard_server

/// What is said about a baseline that cannot be used.
struct BaselineFileTests {
    @Test(
        "the message names the place in the file",
        arguments: [
            (#"[]"#, "the whole: has the wrong type."),
            (#"{"version":1}"#, #""accepted" is missing."#),
            (#"{"version":"1","accepted":[]}"#, "version: has the wrong type."),
            (#"{"version":1,"accepted":[{"reason":"x"}]}"#, #"accepted, entry 1: "fingerprint" is missing."#),
            (#"{"version":1,"accepted":[{"fingerprint":"0123456789abcdef","untill":""}]}"#, #"unknown key "untill""#),
        ])
    func place(_ text: String, _ words: String) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        var settings = GateSettings()
        settings.baseline = path
        let failure = #expect(throws: StartFailure.self) { _ = try RunGate(settings) }
        #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "accepted")")
    }

    @Test("what is no regular file is refused at once, by all options that read one", .timeLimit(.minutes(1)))
    func irregular() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        for (path, kind) in [(folder + "/pipe", "a pipe"), (folder, "a folder"), ("/dev/zero", "a device")] {
            var settings = GateSettings()
            settings.baseline = path
            let failure = #expect(throws: StartFailure.self) { _ = try RunGate(settings) }
            #expect(
                failure?.message.hasPrefix("--stall-baseline: cannot read the file \(path): it is \(kind): ") == true,
                "\(failure?.message ?? "accepted")")
            #expect(throws: StartFailure.self) { _ = try SettingsLoader.load(flags: [:], config: path) }
        }
    }
}
