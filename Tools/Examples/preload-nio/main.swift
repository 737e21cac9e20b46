// A server on plain SwiftNIO, which knows nothing of Loopguard: what the preload library is for.
//
//     swift build --disable-default-traits -c release --product loopguard-preload
//     swift build --disable-default-traits -c release --product preload-nio
//     LD_PRELOAD=.build/release/libloopguard-preload.so LOOPGUARD_PRELOAD_OUT=calls.jsonl .build/release/preload-nio &
//     curl http://127.0.0.1:PORT/slow
import Dispatch
import NIOCore
import NIOHTTP1
import NIOPosix

let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let server = try await ServerBootstrap(group: group)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline()
            try channel.pipeline.syncOperations.addHandler(GreetingHandler())
        }
    }
    .bind(host: "127.0.0.1", port: 0).get()
print("Listening on http://127.0.0.1:\(server.localAddress?.port ?? 0)")
fflush(nil)

// The default action would end the program before the library has written its summary.
signal(SIGTERM, SIG_IGN)
let stop = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .main)
stop.setEventHandler { server.close(promise: nil) }
stop.activate()
try await server.closeFuture.get()
try await group.shutdownGracefully()
