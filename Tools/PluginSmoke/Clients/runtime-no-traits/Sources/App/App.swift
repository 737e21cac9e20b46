import LoopguardBus

@main
enum App {
    static func main() { print(LocalBus.self) }
}
