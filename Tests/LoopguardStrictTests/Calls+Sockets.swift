import Glibc

extension WrappedCall {
    /// Sockets: harmless in non-blocking mode, and by `MSG_DONTWAIT` in either mode.
    static let sockets: [WrappedCall] = [
        WrappedCall("recv", result: 1) {
            let pair = Pair.sockets()
            return Attempt(release: { pair.feed() }) { withByte { byte in made { recv(pair.near, byte, 1, 0) } } }
        } harmless: {
            quietly { pair, flags in withByte { byte in made { recv(pair.near, byte, 1, flags) } } }
        },
        WrappedCall("__recv_chk", as: "recv", result: 1) {
            let pair = Pair.filled()
            return Attempt { withByte { byte in made { checkedReceive(pair.near, byte, 1, 1, 0) } } }
        } harmless: {
            quietly { pair, flags in withByte { byte in made { checkedReceive(pair.near, byte, 1, 1, flags) } } }
        },
        WrappedCall("recvfrom", result: 1) {
            let pair = Pair.filled()
            return Attempt { withByte { byte in made { recvfrom(pair.near, byte, 1, 0, nil, nil) } } }
        } harmless: {
            quietly { pair, flags in withByte { byte in made { recvfrom(pair.near, byte, 1, flags, nil, nil) } } }
        },
        WrappedCall("__recvfrom_chk", as: "recvfrom", result: 1) {
            let pair = Pair.filled()
            return Attempt { withByte { byte in made { checkedReceiveFrom(pair.near, byte, 1, 1, 0, nil, nil) } } }
        } harmless: {
            quietly { pair, flags in
                withByte { byte in made { checkedReceiveFrom(pair.near, byte, 1, 1, flags, nil, nil) } }
            }
        },
        WrappedCall("recvmsg", result: 1) {
            let pair = Pair.filled()
            return Attempt { withMessage { message in made { recvmsg(pair.near, message, 0) } } }
        } harmless: {
            quietly { pair, flags in withMessage { message in made { recvmsg(pair.near, message, flags) } } }
        },
        WrappedCall("send", result: 1) {
            let pair = Pair.sockets()
            return Attempt { withByte { byte in made { send(pair.near, byte, 1, 0) } } }
        } harmless: {
            quietly { pair, flags in withByte { byte in made { send(pair.near, byte, 1, flags) } } }
        },
        WrappedCall("sendto", result: 1) {
            let pair = Pair.sockets()
            return Attempt { withByte { byte in made { sendto(pair.near, byte, 1, 0, nil, 0) } } }
        } harmless: {
            quietly { pair, flags in withByte { byte in made { sendto(pair.near, byte, 1, flags, nil, 0) } } }
        },
        WrappedCall("sendmsg", result: 1) {
            let pair = Pair.sockets()
            return Attempt { withMessage { message in made { sendmsg(pair.near, message, 0) } } }
        } harmless: {
            quietly { pair, flags in withMessage { message in made { sendmsg(pair.near, message, flags) } } }
        },
        WrappedCall("recvmmsg", result: 1) {
            let pair = Pair.filled()
            return Attempt { withMessages { messages in made { receiveMany(pair.near, messages, 1, 0, nil) } } }
        } harmless: {
            quietly { pair, flags in
                withMessages { messages in made { receiveMany(pair.near, messages, 1, flags, nil) } }
            }
        },
        WrappedCall("sendmmsg", result: 1) {
            let pair = Pair.sockets()
            return Attempt { withMessages { messages in made { sendMany(pair.near, messages, 1, 0) } } }
        } harmless: {
            quietly { pair, flags in withMessages { messages in made { sendMany(pair.near, messages, 1, flags) } } }
        },
        WrappedCall("accept", result: 1) {
            let listener = Listener()
            return Attempt(release: { listener.call() }) {
                made { listener.keep(accept(listener.descriptor, nil, nil)) }
            }
        } harmless: {
            let listener = Listener(nonBlocking: true)
            return [
                Attempt { made { accept(listener.descriptor, nil, nil) } },
                Attempt { made { accept(-1, nil, nil) } },
            ]
        },
        WrappedCall("accept4", result: 1) {
            let listener = Listener()
            return Attempt(release: { listener.call() }) {
                made { listener.keep(acceptWithFlags(listener.descriptor, nil, nil, 0)) }
            }
        } harmless: {
            let listener = Listener(nonBlocking: true)
            return [Attempt { made { acceptWithFlags(listener.descriptor, nil, nil, 0) } }]
        },
        WrappedCall("connect") {
            let listener = Listener()
            let client = Opened(unixSocketNonBlocking: false)
            return Attempt {
                withUnixAddress(listener.path) { address, length in made { connect(client.descriptor, address, length) }
                }
            }
        } harmless: {
            let listener = Listener()
            let client = Opened(unixSocketNonBlocking: true)
            return [
                Attempt {
                    withUnixAddress(listener.path) { address, length in
                        made { connect(client.descriptor, address, length) }
                    }
                }
            ]
        },
    ]

    /// The same call on a socket in non-blocking mode, and on one in blocking mode with `MSG_DONTWAIT`.
    private static func quietly(_ call: @escaping @Sendable (Pair, Int32) -> Outcome) -> [Attempt] {
        let ready = Pair.sockets(nonBlocking: true)
        let blocking = Pair.sockets()
        return [Attempt { call(ready, 0) }, Attempt { call(blocking, dontWait) }]
    }
}

private typealias Receive = @convention(c) (Int32, UnsafeMutableRawPointer, Int, Int, Int32) -> Int
private typealias ReceiveFrom =
    @convention(c) (
        Int32, UnsafeMutableRawPointer, Int, Int, Int32, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int
private typealias Accept =
    @convention(c) (Int32, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int32) -> Int32

private var checkedReceive: Receive { function("__recv_chk", as: Receive.self) }
private var checkedReceiveFrom: ReceiveFrom { function("__recvfrom_chk", as: ReceiveFrom.self) }
private var acceptWithFlags: Accept { function("accept4", as: Accept.self) }

private typealias ReceiveMany =
    @convention(c) (Int32, UnsafeMutableRawPointer, UInt32, Int32, UnsafeMutableRawPointer?) -> Int32
private typealias SendMany = @convention(c) (Int32, UnsafeMutableRawPointer, UInt32, Int32) -> Int32

private var receiveMany: ReceiveMany { function("recvmmsg", as: ReceiveMany.self) }
private var sendMany: SendMany { function("sendmmsg", as: SendMany.self) }

/// One `struct mmsghdr`: a message and its length.
private func withMessages<T>(_ body: (UnsafeMutableRawPointer) -> T) -> T {
    withMessage { message in
        var one = (message.pointee, UInt32(0))
        return body(&one)
    }
}
