import App
import Foundation
import Quiet
import Testing

@Test func inATest() async throws {
    try await quiet()
    usleep(3000)  // test
}
