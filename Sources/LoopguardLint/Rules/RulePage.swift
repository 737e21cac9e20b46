/// The pages of Documentation/Rules, which are part of the program: `Pages` is a link to that folder.
public enum RulePage {
    /// Names of all rules that have a page, sorted.
    public static let ids: [String] = pages.keys.sorted()

    /// The page of a rule, Markdown; nil when there is none.
    public static func text(for id: String) -> String? { pages[id].map { String(decoding: $0, as: UTF8.self) } }

    private static let pages: [String: [UInt8]] = [
        "blocking-client": PackageResources.blocking_client_md,
        "blocking-condition": PackageResources.blocking_condition_md,
        "blocking-database": PackageResources.blocking_database_md,
        "blocking-dispatch-sync": PackageResources.blocking_dispatch_sync_md,
        "blocking-dns": PackageResources.blocking_dns_md,
        "blocking-file": PackageResources.blocking_file_md,
        "blocking-file-call": PackageResources.blocking_file_call_md,
        "blocking-file-descriptor": PackageResources.blocking_file_descriptor_md,
        "blocking-file-handle": PackageResources.blocking_file_handle_md,
        "blocking-file-lock": PackageResources.blocking_file_lock_md,
        "blocking-file-manager": PackageResources.blocking_file_manager_md,
        "blocking-future-wait": PackageResources.blocking_future_wait_md,
        "blocking-join": PackageResources.blocking_join_md,
        "blocking-poll": PackageResources.blocking_poll_md,
        "blocking-process": PackageResources.blocking_process_md,
        "blocking-run-loop": PackageResources.blocking_run_loop_md,
        "blocking-semaphore": PackageResources.blocking_semaphore_md,
        "blocking-shutdown": PackageResources.blocking_shutdown_md,
        "blocking-sleep": PackageResources.blocking_sleep_md,
        "blocking-socket": PackageResources.blocking_socket_md,
        "blocking-terminal-read": PackageResources.blocking_terminal_read_md,
        "blocking-under-lock": PackageResources.blocking_under_lock_md,
        "blocking-witness": PackageResources.blocking_witness_md,
        "declared-blocking": PackageResources.declared_blocking_md,
        "expensive-key-derivation": PackageResources.expensive_key_derivation_md,
        "expensive-key-generation": PackageResources.expensive_key_generation_md,
        "expensive-parallel-loop": PackageResources.expensive_parallel_loop_md,
        "fake-async": PackageResources.fake_async_md,
        "lock": PackageResources.lock_md,
        "lock-across-await": PackageResources.lock_across_await_md,
        "needless-offload": PackageResources.needless_offload_md,
        "nested-offload": PackageResources.nested_offload_md,
        "semaphore-bridge": PackageResources.semaphore_bridge_md,
        "stdio": PackageResources.stdio_md,
        "suppression-expired": PackageResources.suppression_expired_md,
        "suppression-invalid": PackageResources.suppression_invalid_md,
        "suppression-unused": PackageResources.suppression_unused_md,
    ]
}
