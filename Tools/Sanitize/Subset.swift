// Appended to Package.swift by Tools/sanitize.
let sanitized: Set<String> = [
    "CUnwind", "CDwarf", "CLoopguard", "LoopguardCore", "LoopguardCapture", "Loopguard", "loopguard-symbolicate",
    "LoopguardCoreTests", "LoopguardCaptureTests", "LoopguardTests", "SymbolicateTests",
]
package.products = []
package.targets.removeAll { !sanitized.contains($0.name) }
for target in package.targets where target.name == "Loopguard" {
    target.swiftSettings = (target.swiftSettings ?? []) + [.define("LOOPGUARD_THREAD_SANITIZER")]
}
