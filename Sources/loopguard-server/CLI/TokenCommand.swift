import ArgumentParser
import Foundation

/// `loopguard-server token`: mints a token for `/ws/secure`.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print a token for /ws/secure, to try it out.",
        discussion: """
            The server must run with the same secret:

              export LOOPGUARD_AUTH_SECRET=$(openssl rand -base64 32)
              loopguard-server &
              loopguard-server token --sub alice
            """)

    @Option(help: ArgumentHelp("Whom the token is for.", valueName: "NAME"))
    var sub: String
    @Option(help: ArgumentHelp("How long it is valid, in seconds. (default: 3600)", valueName: "SECONDS"))
    var ttl: Int = 3600
    @OptionGroup(title: "Key") var keys: KeyOptions
    @Option(help: ArgumentHelp("JSON file with the server's options. (default: none)", valueName: "FILE"))
    var config: String?

    func validate() throws {
        guard !sub.isEmpty, sub.utf8.count <= TokenClaims.maximumSubjectBytes else {
            throw ValidationError("--sub must have 1 to \(TokenClaims.maximumSubjectBytes) bytes.")
        }
        guard (1...315_360_000).contains(ttl) else {
            throw ValidationError("--ttl is \(ttl). Allowed: 1 to 315360000 (seconds).")
        }
    }

    func run() async throws {
        do {
            var flags: [Setting: [String]] = [:]
            for (setting, value) in keys.flags { flags[setting] = value.map { [$0] } }
            let settings = try SettingsLoader.load(flags: flags, config: config)
            switch settings.auth.keys {
            case .secret, .secretFile: break
            case .random:
                throw StartFailure(
                    .usage,
                    "no secret: give --auth-secret, --auth-secret-file or LOOPGUARD_AUTH_SECRET, the same as the server's."
                )
            case .jwks:
                throw StartFailure(
                    .usage, "--auth-jwks holds public keys, which cannot sign: ask whoever holds the private key.")
            }
            let verifier = try await TokenVerifier.load(settings.auth.keys, random: "")
            print(try await verifier.mint(subject: sub, lifetimeSeconds: ttl, now: Date()))
        } catch let failure as StartFailure {
            StandardStreams.printError("loopguard-server: \(failure.message)")
            throw failure.exitCode
        }
    }
}
