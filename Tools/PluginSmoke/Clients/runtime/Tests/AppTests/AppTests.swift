import Testing

@testable import App

@Test func itRuns() { App.main() }
