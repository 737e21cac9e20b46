// Written by Tools/rule-table from Sources/LoopguardLint/Catalogue/Data: do not edit.

extension LintRules {
    /// Rules with the calls that they cover, as the catalogue writes them.
    static let table: [(rule: String, calls: String)] = [
        (
            "blocking-client",
            """
            c:PQconnectdb c:PQexec c:PQexecParams c:PQgetResult c:PQprepare c:SQLExecDirect c:SQLExecute \
            c:curl_easy_perform c:curl_multi_poll c:curl_multi_wait c:mysql_query c:mysql_real_connect \
            c:mysql_real_query c:rd_kafka_consumer_poll c:rd_kafka_flush c:redisCommand c:redisConnect \
            c:redisGetReply
            """
        ),
        (
            "blocking-condition",
            """
            Foundation.NSCondition.wait Foundation.NSConditionLock.lock(whenCondition:) \
            NIOConcurrencyHelpers.ConditionLock.lock(whenValue:) \
            NIOConcurrencyHelpers.ConditionLock.lock(whenValue:timeoutSeconds:) c:pthread_barrier_wait \
            c:pthread_cond_timedwait c:pthread_cond_wait
            """
        ),
        (
            "blocking-database",
            """
            c:mdb_txn_commit c:rocksdb_get c:rocksdb_put c:sqlite3_exec c:sqlite3_open c:sqlite3_open_v2 \
            c:sqlite3_prepare_v2 c:sqlite3_prepare_v3 c:sqlite3_step c:sqlite3_wal_checkpoint \
            c:sqlite3_wal_checkpoint_v2
            """
        ),
        (
            "blocking-dispatch-sync",
            """
            Dispatch.DispatchQueue.asyncAndWait Dispatch.DispatchQueue.sync c:dispatch_barrier_sync \
            c:dispatch_sync
            """
        ),
        (
            "blocking-dns",
            """
            Foundation.Host.current Foundation.Host.init Foundation.ProcessInfo.hostName \
            NIOCore.SocketAddress.makeAddressResolvingHost c:getaddrinfo c:gethostbyaddr c:gethostbyname \
            c:gethostbyname2 c:getnameinfo c:res_query
            """
        ),
        (
            "blocking-file",
            """
            *.write(to:atomically:encoding:) *.write(toFile:atomically:encoding:) \
            Foundation.Data.init(contentsOf:) Foundation.Data.init(contentsOf:options:) \
            Foundation.Data.write(to:) Foundation.Data.write(to:options:) Foundation.NSArray.init(contentsOf:) \
            Foundation.NSData.init(contentsOf:) Foundation.NSData.init(contentsOfFile:) \
            Foundation.NSDictionary.init(contentsOf:) Foundation.String.init(contentsOf:) \
            Foundation.String.init(contentsOf:encoding:) Foundation.String.init(contentsOf:usedEncoding:) \
            Foundation.String.init(contentsOfFile:) Foundation.String.init(contentsOfFile:encoding:) \
            Foundation.String.init(contentsOfFile:usedEncoding:)
            """
        ),
        (
            "blocking-file-call",
            """
            c:access c:chmod c:chown c:copy_file_range c:creat c:dlopen c:fallocate c:fclose c:fdatasync c:fflush \
            c:fgetc c:fgets c:fopen c:fork c:fread c:fseek c:fstatat c:fsync c:ftruncate c:fwrite c:getgrnam \
            c:getpwnam c:getpwuid c:initgroups c:link c:lstat c:mkdir c:mkstemp c:msync c:nftw c:open c:openat \
            c:opendir c:posix_fallocate c:posix_spawn c:pread c:preadv c:pwrite c:pwritev c:read c:readdir \
            c:readlink c:readv c:realpath c:rename c:rmdir c:scandir c:sendfile c:splice c:stat c:statvfs \
            c:symlink c:sync c:syncfs c:truncate c:unlink c:write c:writev
            """
        ),
        (
            "blocking-file-descriptor",
            """
            NIOCore.NIOFileHandle.init(path:) NIOCore.NIOFileHandle.init(path:mode:flags:) \
            SystemPackage.FileDescriptor.close SystemPackage.FileDescriptor.open \
            SystemPackage.FileDescriptor.read SystemPackage.FileDescriptor.seek \
            SystemPackage.FileDescriptor.write SystemPackage.FileDescriptor.writeAll
            """
        ),
        (
            "blocking-file-handle",
            """
            Foundation.FileHandle.availableData Foundation.FileHandle.init(forReadingFrom:) \
            Foundation.FileHandle.init(forUpdating:) Foundation.FileHandle.init(forWritingTo:) \
            Foundation.FileHandle.read(upToCount:) Foundation.FileHandle.readData(ofLength:) \
            Foundation.FileHandle.readDataToEndOfFile Foundation.FileHandle.readToEnd \
            Foundation.FileHandle.seekToEnd Foundation.FileHandle.synchronize Foundation.FileHandle.truncate \
            Foundation.FileHandle.write Foundation.InputStream.read Foundation.OutputStream.write \
            Foundation.Process.run Foundation.XMLParser.init(contentsOf:)
            """
        ),
        (
            "blocking-file-lock",
            """
            c:flock c:lockf
            """
        ),
        (
            "blocking-file-manager",
            """
            Foundation.Bundle.init(path:) Foundation.Bundle.load Foundation.Bundle.url \
            Foundation.FileManager.attributesOfFileSystem Foundation.FileManager.attributesOfItem \
            Foundation.FileManager.contents Foundation.FileManager.contentsEqual \
            Foundation.FileManager.contentsOfDirectory Foundation.FileManager.copyItem \
            Foundation.FileManager.createDirectory Foundation.FileManager.createFile \
            Foundation.FileManager.createSymbolicLink Foundation.FileManager.destinationOfSymbolicLink \
            Foundation.FileManager.enumerator Foundation.FileManager.fileExists \
            Foundation.FileManager.isExecutableFile Foundation.FileManager.isReadableFile \
            Foundation.FileManager.isWritableFile Foundation.FileManager.linkItem Foundation.FileManager.moveItem \
            Foundation.FileManager.removeItem Foundation.FileManager.replaceItem \
            Foundation.FileManager.replaceItemAt Foundation.FileManager.setAttributes \
            Foundation.FileManager.subpaths Foundation.FileManager.subpathsOfDirectory \
            Foundation.FileManager.trashItem Foundation.URL.checkResourceIsReachable \
            Foundation.URL.resolvingSymlinksInPath Foundation.URL.resourceValues
            """
        ),
        (
            "blocking-future-wait",
            """
            NIOCore.EventLoopFuture.wait
            """
        ),
        (
            "blocking-join",
            """
            Foundation.Operation.waitUntilFinished Foundation.OperationQueue.addOperations(_:waitUntilFinished:) \
            Foundation.OperationQueue.waitUntilAllOperationsAreFinished c:pthread_join c:thrd_join
            """
        ),
        (
            "blocking-poll",
            """
            c:epoll_pwait c:epoll_wait c:poll c:ppoll c:pselect c:select
            """
        ),
        (
            "blocking-process",
            """
            Foundation.Process.waitUntilExit c:pclose c:popen c:system c:wait c:wait3 c:wait4 c:waitid c:waitpid
            """
        ),
        (
            "blocking-run-loop",
            """
            Dispatch.dispatchMain Foundation.RunLoop.acceptInput Foundation.RunLoop.limitDate \
            Foundation.RunLoop.run
            """
        ),
        (
            "blocking-semaphore",
            """
            Dispatch.DispatchGroup.wait Dispatch.DispatchSemaphore.wait Dispatch.DispatchWorkItem.wait \
            c:dispatch_group_wait c:dispatch_semaphore_wait c:sem_timedwait c:sem_wait
            """
        ),
        (
            "blocking-shutdown",
            """
            *.syncShutdownGracefully AsyncHTTPClient.HTTPClient.syncShutdown
            """
        ),
        (
            "blocking-sleep",
            """
            Foundation.Thread.sleep c:clock_nanosleep c:nanosleep c:sleep c:thrd_sleep c:usleep
            """
        ),
        (
            "blocking-socket",
            """
            c:SSL_connect c:SSL_read c:SSL_write c:accept c:accept4 c:connect c:recv c:recvfrom c:recvmsg c:send \
            c:sendmsg c:sendto
            """
        ),
        (
            "blocking-terminal-read",
            """
            Swift.readLine c:getchar c:getline c:scanf
            """
        ),
        (
            "expensive-key-derivation",
            """
            *.Bcrypt.hash *.Bcrypt.verify CryptoExtras.KDF.Insecure.PBKDF2.deriveKey \
            CryptoExtras.KDF.Scrypt.deriveKey _CryptoExtras.KDF.Insecure.PBKDF2.deriveKey \
            _CryptoExtras.KDF.Scrypt.deriveKey c:EVP_PBE_scrypt c:PKCS5_PBKDF2_HMAC c:crypt c:crypt_r
            """
        ),
        (
            "expensive-key-generation",
            """
            CryptoExtras._RSA.Signing.PrivateKey.init(keySize:) \
            _CryptoExtras._RSA.Signing.PrivateKey.init(keySize:) c:RSA_generate_key_ex
            """
        ),
        (
            "expensive-parallel-loop",
            """
            Dispatch.DispatchQueue.concurrentPerform
            """
        ),
        (
            "lock",
            """
            Foundation.NSLock.lock Foundation.NSRecursiveLock.lock NIOConcurrencyHelpers.Lock.lock \
            NIOConcurrencyHelpers.NIOLock.lock NIOConcurrencyHelpers.NIOLock.withLock \
            NIOConcurrencyHelpers.NIOLockedValueBox.withLockedValue Synchronization.Mutex.withLock \
            c:pthread_mutex_lock c:pthread_rwlock_rdlock c:pthread_rwlock_wrlock c:pthread_spin_lock
            """
        ),
        (
            "stdio",
            """
            Foundation.NSLog Swift.debugPrint Swift.dump Swift.print c:fputs c:printf c:putchar c:puts c:syslog
            """
        ),
    ]
}
