import Testing

@testable import App

@Test @MainActor func itRuns() { App.main() }
