import Foundation
import NIOCore
import NIOHTTP1

/// Stands for a database driver or an HTTP client that blocks its thread.
@inline(never) func composeSlowly() -> String {
    Thread.sleep(forTimeInterval: 0.02)
    return "Hello, at last.\n"
}

/// Stands for a log that must be on the disk.
@inline(never) func composeOnDisk() -> String {
    let path = NSTemporaryDirectory() + "preload-nio-\(getpid())"
    let file = open(path, O_CREAT | O_WRONLY, 0o600)
    fsync(file)
    close(file)
    unlink(path)
    return "Hello, for ever.\n"
}

/// Answers `/` at once, and `/slow` and `/disk` as one should not: on the event loop.
final class GreetingHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        let text =
            switch head.uri {
            case "/slow": composeSlowly()
            case "/disk": composeOnDisk()
            default: "Hello.\n"
            }
        let headers: HTTPHeaders = ["content-length": "\(text.utf8.count)"]
        context.write(wrapOutboundOut(.head(.init(version: head.version, status: .ok, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
