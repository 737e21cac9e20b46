@testable import Application
import HummingbirdTesting
import LoopguardTesting
import Testing
