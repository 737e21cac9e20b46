import Glibc

extension WrappedCall {
    /// Bytes of pipes and sockets: the harmless form is a descriptor in non-blocking mode, or none at all.
    static let bytes: [WrappedCall] = [
        WrappedCall("read", result: 1) {
            let pair = Pair.pipe()
            return Attempt(release: { pair.feed() }) { withByte { byte in made { read(pair.near, byte, 1) } } }
        } harmless: {
            let pair = Pair.sockets(nonBlocking: true)
            let zero = Opened("/dev/zero")
            return [
                Attempt { withByte { byte in made { read(pair.near, byte, 1) } } },
                Attempt { withByte { byte in made { read(zero.descriptor, byte, 1) } } },
                Attempt { withByte { byte in made { read(-1, byte, 1) } } },
            ]
        },
        WrappedCall("__read_chk", as: "read", result: 1) {
            let pair = Pair.pipe()
            return Attempt(release: { pair.feed() }) {
                withByte { byte in made { checkedRead(pair.near, byte, 1, 1) } }
            }
        } harmless: {
            let pair = Pair.sockets(nonBlocking: true)
            return [Attempt { withByte { byte in made { checkedRead(pair.near, byte, 1, 1) } } }]
        },
        WrappedCall("readv", result: 1) {
            let pair = Pair.filled()
            return Attempt { withVector { vector in made { readv(pair.near, vector, 1) } } }
        } harmless: {
            let pair = Pair.sockets(nonBlocking: true)
            return [Attempt { withVector { vector in made { readv(pair.near, vector, 1) } } }]
        },
        WrappedCall("write", result: 1) {
            let pair = Pair.sockets()
            return Attempt { withByte { byte in made { write(pair.near, byte, 1) } } }
        } harmless: {
            let pair = Pair.sockets(nonBlocking: true)
            return [
                Attempt { withByte { byte in made { write(pair.near, byte, 1) } } },
                Attempt { withByte { byte in made { write(-1, byte, 1) } } },
            ]
        },
        WrappedCall("writev", result: 1) {
            let pair = Pair.sockets()
            return Attempt { withVector { vector in made { writev(pair.near, vector, 1) } } }
        } harmless: {
            let pair = Pair.sockets(nonBlocking: true)
            return [Attempt { withVector { vector in made { writev(pair.near, vector, 1) } } }]
        },
    ]

    /// Bytes at a position of a file, which has one unless it is empty.
    static let positioned: [WrappedCall] = [
        WrappedCall("pread", result: 1) {
            let file = TemporaryFile(bytes: 8)
            return Attempt { withByte { byte in made { pread(file.descriptor, byte, 1, 3) } } }
        } harmless: {
            let zero = Opened("/dev/zero")
            return [Attempt { withByte { byte in made { pread(zero.descriptor, byte, 1, 3) } } }]
        },
        WrappedCall("pread64", as: "pread", result: 1) {
            let file = TemporaryFile(bytes: 8)
            return Attempt { withByte { byte in made { atPosition("pread64")(file.descriptor, byte, 1, 3) } } }
        } harmless: {
            let zero = Opened("/dev/zero")
            return [Attempt { withByte { byte in made { atPosition("pread64")(zero.descriptor, byte, 1, 3) } } }]
        },
        WrappedCall("__pread_chk", as: "pread", result: 1) {
            let file = TemporaryFile(bytes: 8)
            return Attempt { withByte { byte in made { checked("__pread_chk")(file.descriptor, byte, 1, 3, 1) } } }
        } harmless: {
            let zero = Opened("/dev/zero")
            return [Attempt { withByte { byte in made { checked("__pread_chk")(zero.descriptor, byte, 1, 3, 1) } } }]
        },
        WrappedCall("__pread64_chk", as: "pread", result: 1) {
            let file = TemporaryFile(bytes: 8)
            return Attempt { withByte { byte in made { checked("__pread64_chk")(file.descriptor, byte, 1, 3, 1) } } }
        } harmless: {
            let zero = Opened("/dev/zero")
            return [Attempt { withByte { byte in made { checked("__pread64_chk")(zero.descriptor, byte, 1, 3, 1) } } }]
        },
        WrappedCall("preadv", result: 1) {
            let file = TemporaryFile(bytes: 8)
            return Attempt { withVector { vector in made { vectors("preadv")(file.descriptor, vector, 1, 7) } } }
        } harmless: {
            let zero = Opened("/dev/zero")
            return [Attempt { withVector { vector in made { vectors("preadv")(zero.descriptor, vector, 1, 7) } } }]
        },
        WrappedCall("preadv64", as: "preadv", result: 1) {
            let file = TemporaryFile(bytes: 8)
            return Attempt { withVector { vector in made { vectors("preadv64")(file.descriptor, vector, 1, 7) } } }
        } harmless: {
            let zero = Opened("/dev/zero")
            return [Attempt { withVector { vector in made { vectors("preadv64")(zero.descriptor, vector, 1, 7) } } }]
        },
        WrappedCall("pwrite", result: 1) {
            let file = TemporaryFile()
            return Attempt { withByte { byte in made { pwrite(file.descriptor, byte, 1, 3) } } }
        } harmless: {
            let file = TemporaryFile()
            let ready = Opened(file.path, O_RDWR | O_NONBLOCK)
            return [Attempt { withByte { byte in made { pwrite(ready.descriptor, byte, 1, 3) } } }]
        },
        WrappedCall("pwrite64", as: "pwrite", result: 1) {
            let file = TemporaryFile()
            return Attempt { withByte { byte in made { atPosition("pwrite64")(file.descriptor, byte, 1, 3) } } }
        } harmless: {
            let file = TemporaryFile()
            let ready = Opened(file.path, O_RDWR | O_NONBLOCK)
            return [Attempt { withByte { byte in made { atPosition("pwrite64")(ready.descriptor, byte, 1, 3) } } }]
        },
        WrappedCall("pwritev", result: 1) {
            let file = TemporaryFile()
            return Attempt { withVector { vector in made { vectors("pwritev")(file.descriptor, vector, 1, 7) } } }
        } harmless: {
            let file = TemporaryFile()
            let ready = Opened(file.path, O_RDWR | O_NONBLOCK)
            return [Attempt { withVector { vector in made { vectors("pwritev")(ready.descriptor, vector, 1, 7) } } }]
        },
        WrappedCall("pwritev64", as: "pwritev", result: 1) {
            let file = TemporaryFile()
            return Attempt { withVector { vector in made { vectors("pwritev64")(file.descriptor, vector, 1, 7) } } }
        } harmless: {
            let file = TemporaryFile()
            let ready = Opened(file.path, O_RDWR | O_NONBLOCK)
            return [Attempt { withVector { vector in made { vectors("pwritev64")(ready.descriptor, vector, 1, 7) } } }]
        },
        WrappedCall("preadv2", as: "preadv", result: 1) {
            let file = TemporaryFile(bytes: 8)
            return Attempt { withVector { vector in made { flagged("preadv2")(file.descriptor, vector, 1, 7, 0) } } }
        } harmless: {
            let zero = Opened("/dev/zero")
            let file = TemporaryFile(bytes: 8)
            return [
                Attempt { withVector { vector in made { flagged("preadv2")(zero.descriptor, vector, 1, 7, 0) } } },
                Attempt {
                    withVector { vector in made { flagged("preadv2")(file.descriptor, vector, 1, 7, doesNotWait) } }
                },
            ]
        },
        WrappedCall("preadv64v2", as: "preadv", result: 1) {
            let file = TemporaryFile(bytes: 8)
            return Attempt { withVector { vector in made { flagged("preadv64v2")(file.descriptor, vector, 1, 7, 0) } } }
        } harmless: {
            let zero = Opened("/dev/zero")
            let file = TemporaryFile(bytes: 8)
            return [
                Attempt { withVector { vector in made { flagged("preadv64v2")(zero.descriptor, vector, 1, 7, 0) } } },
                Attempt {
                    withVector { vector in made { flagged("preadv64v2")(file.descriptor, vector, 1, 7, doesNotWait) } }
                },
            ]
        },
        WrappedCall("pwritev2", as: "pwritev", result: 1) {
            let file = TemporaryFile()
            return Attempt { withVector { vector in made { flagged("pwritev2")(file.descriptor, vector, 1, 7, 0) } } }
        } harmless: {
            let file = TemporaryFile()
            let ready = Opened(file.path, O_RDWR | O_NONBLOCK)
            return [
                Attempt { withVector { vector in made { flagged("pwritev2")(ready.descriptor, vector, 1, 7, 0) } } }
            ]
        },
        WrappedCall("pwritev64v2", as: "pwritev", result: 1) {
            let file = TemporaryFile()
            return Attempt {
                withVector { vector in made { flagged("pwritev64v2")(file.descriptor, vector, 1, 7, 0) } }
            }
        } harmless: {
            let file = TemporaryFile()
            let ready = Opened(file.path, O_RDWR | O_NONBLOCK)
            return [
                Attempt { withVector { vector in made { flagged("pwritev64v2")(ready.descriptor, vector, 1, 7, 0) } } }
            ]
        },
    ]
}

private typealias Checked = @convention(c) (Int32, UnsafeMutableRawPointer, Int, Int, Int) -> Int
private typealias CheckedRead = @convention(c) (Int32, UnsafeMutableRawPointer, Int, Int) -> Int
private typealias Vectors = @convention(c) (Int32, UnsafeMutablePointer<iovec>, Int32, Int) -> Int

private var checkedRead: CheckedRead { function("__read_chk", as: CheckedRead.self) }
/// Buffer, length, position: the shape of `pread64`.
private func atPosition(_ name: String) -> CheckedRead { function(name, as: CheckedRead.self) }
private func checked(_ name: String) -> Checked { function(name, as: Checked.self) }
private func vectors(_ name: String) -> Vectors { function(name, as: Vectors.self) }

private typealias Flagged = @convention(c) (Int32, UnsafeMutablePointer<iovec>, Int32, Int, Int32) -> Int
private func flagged(_ name: String) -> Flagged { function(name, as: Flagged.self) }
private let doesNotWait: Int32 = 8  // RWF_NOWAIT
