import Testing

@testable import LoopguardCapture

@Suite struct FunctionNameTests {
    @Test func readable() {
        #expect(FunctionName.readable("usleep") == "usleep")
        #expect(FunctionName.readable("read@@GLIBC_2.2.5") == "read")
        #expect(FunctionName.readable("$s4main6helperyySiF") == "helper(_:)")
        #expect(FunctionName.readable("_ZN3foo3barEi").contains("foo::bar"))
        #expect(FunctionName.readable("$s") == "$s")
        #expect(FunctionName.readable("") == "")
        // A resume function: the same name as the function itself.
        #expect(FunctionName.readable("$s4main6helperyySiYaFTY0_") == "helper(_:)")
        #expect(FunctionName.readable("$s4main6helperyySiYaFTQ1_") == "helper(_:)")
        // Code shared with other functions has the name of one of them.
        #expect(FunctionName.readable("$s4main6helperyySiFTm") == "merged helper(_:)")
    }

    @Test func publicNamesOfLibc() {
        #expect(FunctionName.withoutAlias("__libc_malloc") == "malloc")
        #expect(FunctionName.withoutAlias("__GI___read") == "read")
        #expect(FunctionName.withoutAlias("__nanosleep@@GLIBC_2.2.5") == "nanosleep")
        #expect(FunctionName.withoutAlias("clock_nanosleep") == "clock_nanosleep")
        #expect(FunctionName.withoutAlias("__libc_start_main_impl") == "__libc_start_main_impl")
        #expect(FunctionName.withoutAlias("__") == "__")
    }

    @Test func shortened() {
        #expect(FunctionName.shortened("(2) suspend resume partial function for f(_:)") == "f(_:)")
        #expect(FunctionName.shortened("(10) await resume partial function for A.f()") == "A.f()")
        #expect(FunctionName.shortened("merged f()") == "f()")
        #expect(FunctionName.shortened("specialized static A.f(_:)") == "static A.f(_:)")
        #expect(FunctionName.shortened("(x) f()") == "(x) f()")
        #expect(FunctionName.shortened("(anonymous namespace)::f()") == "(anonymous namespace)::f()")
    }

    @Test func module() {
        #expect(FunctionName.module(ofMangled: "$s4main3fooyyF") == "main")
        #expect(FunctionName.module(ofMangled: "$s8NIOPosix19SelectableEventLoopC3runyyKF") == "NIOPosix")
        #expect(FunctionName.module(ofMangled: "$ss4swapyyxz_xztlF") == "Swift")
        #expect(FunctionName.module(ofMangled: "$sScTss5NeverORs_rlE5yieldyyYaFZ") == "_Concurrency")
        #expect(FunctionName.module(ofMangled: "$sSa6appendyyxnFSi_Tg5") == "Swift")
        // Extensions: of a standard type by the user, with and without constraints; of a protocol by the standard library.
        #expect(FunctionName.module(ofMangled: "$sSa4mainE3fooyyF") == "main")
        #expect(FunctionName.module(ofMangled: "$sSa4mainSiRszlE3fooyyF") == "main")
        #expect(FunctionName.module(ofMangled: "$ss10ArraySliceV4mainE3fooyyF") == "main")
        #expect(FunctionName.module(ofMangled: "$s7NIOCore10ByteBufferV4mainE3fooyyF") == "main")
        #expect(FunctionName.module(ofMangled: "$sSMsSkRzrlE4sort2byySb7ElementSTQz_ADtKXE_tKF") == "Swift")
        #expect(
            FunctionName.module(ofMangled: "$ss6_merge3low3mid4high6buffer2bySbSryxG_SpyxGxxtKXEtKlF") == "Swift")
        for symbol in ["", "$s", "$s9", "$s99999999999999999999x", "main", "_Z3foov", "$s4ab"] {
            #expect(FunctionName.module(ofMangled: symbol) == nil, "\(symbol)")
        }
    }
}

@Suite struct FrameOriginTests {
    @Test(
        arguments: [
            "libc.so.6", "libswiftCore.so", "libdispatch.so", "libFoundation.so", "libFoundationEssentials.so",
            "ld-linux-x86-64.so.2", "libstdc++.so.6", "libpthread.so.0", "linux-vdso.so.1", "lib_FoundationICU.so",
        ])
    func systemLibraries(module: String) { #expect(FrameOrigin.isRuntime(module: module, function: "anything")) }

    @Test func usersCode() {
        #expect(!FrameOrigin.isRuntime(module: "server", function: "Handler.onMessage(_:)"))
        #expect(
            !FrameOrigin.isRuntime(
                module: "server", function: "closure #1 in Handler.f()", symbol: "$s6server7HandlerV1fyyFyycfU_",
                file: "/src/Sources/server/Handler.swift"))
        #expect(!FrameOrigin.isRuntime(module: "libcustom.so", function: "work()"))
        #expect(!FrameOrigin.isRuntime(module: "libcurl.so.4", function: "curl_easy_perform"))
        #expect(!FrameOrigin.isRuntime(module: nil, function: nil))
        // The user's extension of a standard type.
        #expect(
            !FrameOrigin.isRuntime(
                module: "server", function: "Array.slow()", symbol: "$sSa6serverE4slowyyF",
                file: "/src/Sources/server/Slow.swift"))
        #expect(
            !FrameOrigin.isRuntime(
                module: "t", function: "f()", symbol: "$s21LoopguardCaptureTests1fyyF", file: "/x/Tests/a.swift"))
    }

    @Test func linkedInRuntime() {
        #expect(
            FrameOrigin.isRuntime(
                module: "server", function: "SelectableEventLoop.run()",
                symbol: "$s8NIOPosix19SelectableEventLoopC3runyyKF",
                file: "/b/.build/checkouts/swift-nio/Sources/NIOPosix/SelectableEventLoop.swift"))
        #expect(
            FrameOrigin.isRuntime(
                module: "server", function: "LoopExecutor.drain()", symbol: "$s9Loopguard12LoopExecutorC5drainyyF"))
        #expect(
            FrameOrigin.isRuntime(module: "server", function: "epoll_wait", file: "/src/Sources/CLoopguard/lg_slot.c"))
        #expect(
            FrameOrigin.isRuntime(
                module: "server", function: "specialized Array.append(_:)", symbol: "$sSa6appendyyxnFSi_Tg5"))
        #expect(FrameOrigin.isRuntime(module: "server", function: "swift_retain"))
        #expect(FrameOrigin.isRuntime(module: "server", function: "completeTaskWithClosure(swift::AsyncContext*)"))
        #expect(
            FrameOrigin.isRuntime(
                module: "server", function: "partial apply for closure #1 in f()", symbol: "$s6server1fyyFyycfU_TA"))
        #expect(FrameOrigin.isRuntime(module: "server", function: "outlined copy of Data._Representation"))
        #expect(
            FrameOrigin.isRuntime(
                module: "server", function: "@objc closure #1 in f()", symbol: "$s6server1fyyFyycfU_To",
                file: nil))
    }
}
