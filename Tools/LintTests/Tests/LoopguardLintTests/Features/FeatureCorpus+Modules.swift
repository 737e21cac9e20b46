// The modules around the fixtures of Features: what they link, and what they do not.
extension FeatureCorpus {
    static let base = #"""
        import Dispatch
        import Glibc

        public func offload<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
            }
        }

        public protocol Store {
            func load() -> Int
            func peek() -> Int
        }

        extension Store {
            public func peek() -> Int { 1 }
            public func twice() -> Int { load() + load() }
        }

        public protocol Clocked { func tick() }

        open class Device {
            public init() {}
            open func read() {}
            public final func readTwice() { read(); read() }
        }

        public func runs(_ body: () -> Void) { body() }
        public func runsAll(_ bodies: [() -> Void]) { for body in bodies { body() } }
        public func baseNap() { usleep(201) }  // expect: blocking-sleep
        public func baseNap(_ text: String) {}
        public func baseUnused() { usleep(202) }
        """#

    /// Nothing that App links.
    static let elsewhere = #"""
        import Base
        import Glibc

        // Nothing that App links: App cannot meet these implementations.
        public struct ElsewhereStore: Store { public func load() -> Int { usleep(301); return 1 } }
        public final class ElsewhereDevice: Device { override public func read() { usleep(302) } }
        public struct ElsewhereClock: Clocked { public func tick() { usleep(303) } }
        """#

    static let cModule = [
        "module.modulemap": #"""
        module CLib {
            header "clib.h"
            export *
        }
        """#,
        "clib.h": #"""
        #pragma once
        #include <unistd.h>
        static inline void clib_inline_nap(void) { usleep(101); }
        static inline void clib_inline_idle(void) { usleep(102); }
        void clib_body_nap(void);
        void clib_body_quick(void);
        void clib_take(void (*body)(void));
        void clib_never_called(void);
        """#,
        "clib.c": #"""
        #include "clib.h"
        static void deeper(void) { usleep(103); }
        static void unused(void) { usleep(104); }
        void clib_body_nap(void) { deeper(); }
        void clib_body_quick(void) {}
        void clib_take(void (*body)(void)) { body(); }
        void clib_never_called(void) { unused(); }
        """#,
    ]
}
