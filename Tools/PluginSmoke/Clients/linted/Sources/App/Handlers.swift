import Foundation

/// A direct call: both plugins see it.
public func slowHandler() async {
    usleep(1000)  // direct
}

/// The call is in another file: only the whole program tells.
public func deepHandler() async -> Int {
    helper(7)
}
