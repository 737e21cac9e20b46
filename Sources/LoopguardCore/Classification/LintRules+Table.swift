// Written by Tools/rule-table from Sources/LoopguardLint/Catalogue/Data: do not edit.

extension LintRules {
    /// Rules with the calls that they cover, as the catalogue writes them.
    static let table: [(rule: String, calls: String)] = [
        (
            "blocking-client",
            """
            c:PQconnectdb c:PQconnectdbParams c:PQdescribePrepared c:PQexec c:PQexecParams c:PQexecPrepared \
            c:PQgetResult c:PQprepare c:PQsetdbLogin c:SQLConnect c:SQLDriverConnect c:SQLExecDirect c:SQLExecute \
            c:curl_easy_perform c:curl_multi_poll c:curl_multi_wait c:mongoc_collection_insert_one \
            c:mongoc_collection_update_one c:mongoc_cursor_next c:mysql_query c:mysql_real_connect \
            c:mysql_real_query c:mysql_stmt_execute c:mysql_store_result c:rd_kafka_consumer_poll \
            c:rd_kafka_flush c:rd_kafka_poll c:redisCommand c:redisCommandArgv c:redisConnect \
            c:redisConnectWithTimeout c:redisGetReply c:redisReconnect
            """
        ),
        (
            "blocking-condition",
            """
            Foundation.NSCondition.wait Foundation.NSConditionLock.lock(whenCondition:) \
            NIOConcurrencyHelpers.ConditionLock.lock NIOConcurrencyHelpers.ConditionLock.lock(whenValue:) \
            NIOConcurrencyHelpers.ConditionLock.lock(whenValue:timeoutSeconds:) c:cnd_timedwait c:cnd_wait \
            c:pthread_barrier_wait c:pthread_cond_clockwait c:pthread_cond_timedwait c:pthread_cond_wait
            """
        ),
        (
            "blocking-database",
            """
            *.NSManagedObjectContext.performAndWait GRDB.DatabaseMigrator.migrate GRDB.DatabasePool.read \
            GRDB.DatabasePool.write GRDB.DatabasePool.writeInTransaction GRDB.DatabaseQueue.inDatabase \
            GRDB.DatabaseQueue.inTransaction GRDB.DatabaseQueue.read GRDB.DatabaseQueue.write \
            GRDB.DatabaseReader.read GRDB.DatabaseReader.unsafeRead GRDB.DatabaseReader.unsafeReentrantRead \
            GRDB.DatabaseWriter.barrierWriteWithoutTransaction GRDB.DatabaseWriter.unsafeReentrantWrite \
            GRDB.DatabaseWriter.write GRDB.DatabaseWriter.writeWithoutTransaction RealmSwift.Realm.write \
            SQLite.Connection.execute SQLite.Connection.prepare SQLite.Connection.run SQLite.Connection.scalar \
            c:leveldb_get c:leveldb_put c:mdb_env_sync c:mdb_txn_commit c:rocksdb_get c:rocksdb_put \
            c:sqlite3_backup_step c:sqlite3_exec c:sqlite3_get_table c:sqlite3_open c:sqlite3_open_v2 \
            c:sqlite3_prepare c:sqlite3_prepare_v2 c:sqlite3_prepare_v3 c:sqlite3_step c:sqlite3_wal_checkpoint \
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
            NIOCore.SocketAddress.makeAddressResolvingHost c:getaddrinfo c:gethostbyaddr c:gethostbyaddr_r \
            c:gethostbyname c:gethostbyname2 c:gethostbyname_r c:getnameinfo c:res_nquery c:res_nsearch \
            c:res_query c:res_search
            """
        ),
        (
            "blocking-file",
            """
            *.write(to:atomically:encoding:) *.write(toFile:atomically:encoding:) \
            Foundation.Data.init(contentsOf:) Foundation.Data.init(contentsOf:options:) \
            Foundation.Data.write(to:) Foundation.Data.write(to:options:) Foundation.NSArray.init(contentsOf:) \
            Foundation.NSArray.init(contentsOfFile:) Foundation.NSData.init(contentsOf:) \
            Foundation.NSData.init(contentsOf:options:) Foundation.NSData.init(contentsOfFile:) \
            Foundation.NSData.init(contentsOfFile:options:) Foundation.NSData.write \
            Foundation.NSDictionary.init(contentsOf:) Foundation.NSDictionary.init(contentsOfFile:) \
            Foundation.NSString.init(contentsOf:encoding:) Foundation.NSString.init(contentsOfFile:encoding:) \
            Foundation.String.init(contentsOf:) Foundation.String.init(contentsOf:encoding:) \
            Foundation.String.init(contentsOf:usedEncoding:) Foundation.String.init(contentsOfFile:) \
            Foundation.String.init(contentsOfFile:encoding:) Foundation.String.init(contentsOfFile:usedEncoding:) \
            Foundation.UserDefaults.synchronize Foundation.XMLDocument.init(contentsOf:options:)
            """
        ),
        (
            "blocking-file-call",
            """
            c:access c:chmod c:chown c:copy_file_range c:creat c:dlopen c:faccessat c:fallocate c:fchmod \
            c:fchmodat c:fchown c:fclose c:fdatasync c:fdopendir c:fflush c:fgetc c:fgets c:fopen c:fopen64 \
            c:fork c:fread c:freopen c:fscanf c:fseek c:fstatat c:fstatvfs c:fsync c:ftell c:ftruncate c:fts_open \
            c:fts_read c:futimens c:fwrite c:getc c:getgrgid c:getgrgid_r c:getgrnam c:getgrnam_r c:getpwnam \
            c:getpwnam_r c:getpwuid c:getpwuid_r c:getservbyname c:glob c:initgroups c:lchown c:link c:linkat \
            c:lstat c:mkdir c:mkdirat c:mkdtemp c:mkostemp c:mkstemp c:mkstemps c:msync c:nftw c:open c:openat \
            c:opendir c:posix_fallocate c:posix_spawn c:posix_spawnp c:pread c:preadv c:preadv2 c:pwrite \
            c:pwritev c:pwritev2 c:read c:readdir c:readlink c:readlinkat c:readv c:realpath c:remove c:rename \
            c:renameat c:renameat2 c:rewind c:rmdir c:scandir c:sendfile c:splice c:stat c:statfs c:statvfs \
            c:statx c:symlink c:symlinkat c:sync c:sync_file_range c:syncfs c:tmpfile c:truncate c:unlink \
            c:unlinkat c:utimensat c:utimes c:vfork c:write c:writev
            """
        ),
        (
            "blocking-file-descriptor",
            """
            NIOCore.NIOFileHandle.init(path:) NIOCore.NIOFileHandle.init(path:mode:flags:) \
            NIOSSL.NIOSSLCertificate.fromPEMFile NIOSSL.NIOSSLCertificate.init(file:format:) \
            NIOSSL.NIOSSLPrivateKey.init(file:format:) \
            NIOSSL.NIOSSLPrivateKey.init(file:format:passphraseCallback:) SystemPackage.FileDescriptor.close \
            SystemPackage.FileDescriptor.duplicate SystemPackage.FileDescriptor.open \
            SystemPackage.FileDescriptor.read SystemPackage.FileDescriptor.resize \
            SystemPackage.FileDescriptor.seek SystemPackage.FileDescriptor.write \
            SystemPackage.FileDescriptor.writeAll
            """
        ),
        (
            "blocking-file-handle",
            """
            Foundation.FileHandle.availableData Foundation.FileHandle.init(forReadingAtPath:) \
            Foundation.FileHandle.init(forReadingFrom:) Foundation.FileHandle.init(forUpdating:) \
            Foundation.FileHandle.init(forUpdatingAtPath:) Foundation.FileHandle.init(forWritingAtPath:) \
            Foundation.FileHandle.init(forWritingTo:) Foundation.FileHandle.read(upToCount:) \
            Foundation.FileHandle.readData(ofLength:) Foundation.FileHandle.readDataToEndOfFile \
            Foundation.FileHandle.readToEnd Foundation.FileHandle.seek Foundation.FileHandle.seekToEnd \
            Foundation.FileHandle.seekToEndOfFile Foundation.FileHandle.synchronize \
            Foundation.FileHandle.synchronizeFile Foundation.FileHandle.truncate \
            Foundation.FileHandle.truncateFile Foundation.FileHandle.write Foundation.InputStream.read \
            Foundation.OutputStream.write Foundation.Process.launch Foundation.Process.run \
            Foundation.XMLParser.init(contentsOf:)
            """
        ),
        (
            "blocking-file-lock",
            """
            c:fcntl c:flock c:lockf
            """
        ),
        (
            "blocking-file-manager",
            """
            Foundation.Bundle.init(path:) Foundation.Bundle.load Foundation.Bundle.path Foundation.Bundle.url \
            Foundation.Bundle.urls Foundation.FileManager.attributesOfFileSystem \
            Foundation.FileManager.attributesOfItem Foundation.FileManager.changeCurrentDirectoryPath \
            Foundation.FileManager.componentsToDisplay Foundation.FileManager.contents \
            Foundation.FileManager.contentsEqual Foundation.FileManager.contentsOfDirectory \
            Foundation.FileManager.copyItem Foundation.FileManager.createDirectory \
            Foundation.FileManager.createFile Foundation.FileManager.createSymbolicLink \
            Foundation.FileManager.destinationOfSymbolicLink Foundation.FileManager.enumerator \
            Foundation.FileManager.fileExists Foundation.FileManager.isDeletableFile \
            Foundation.FileManager.isExecutableFile Foundation.FileManager.isReadableFile \
            Foundation.FileManager.isWritableFile Foundation.FileManager.linkItem \
            Foundation.FileManager.mountedVolumeURLs Foundation.FileManager.moveItem \
            Foundation.FileManager.removeItem Foundation.FileManager.replaceItem \
            Foundation.FileManager.replaceItemAt Foundation.FileManager.setAttributes \
            Foundation.FileManager.subpaths Foundation.FileManager.subpathsOfDirectory \
            Foundation.FileManager.trashItem Foundation.FileManager.url(for:in:appropriateFor:create:) \
            Foundation.URL.bookmarkData Foundation.URL.checkResourceIsReachable \
            Foundation.URL.resolvingSymlinksInPath Foundation.URL.resourceValues Foundation.URL.setResourceValues
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
            Foundation.OperationQueue.waitUntilAllOperationsAreFinished c:pthread_clockjoin_np c:pthread_join \
            c:pthread_timedjoin_np c:thrd_join
            """
        ),
        (
            "blocking-poll",
            """
            c:epoll_pwait c:epoll_wait c:kevent c:poll c:ppoll c:pselect c:select
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
            *.waitSpinningRunLoop Dispatch.dispatchMain Foundation.RunLoop.acceptInput \
            Foundation.RunLoop.limitDate Foundation.RunLoop.run Foundation.RunLoop.runMode c:CFRunLoopRun \
            c:CFRunLoopRunInMode c:dispatch_main
            """
        ),
        (
            "blocking-semaphore",
            """
            Dispatch.DispatchGroup.wait Dispatch.DispatchSemaphore.wait Dispatch.DispatchWorkItem.wait \
            c:dispatch_block_wait c:dispatch_group_wait c:dispatch_semaphore_wait c:sem_clockwait c:sem_timedwait \
            c:sem_wait
            """
        ),
        (
            "blocking-shutdown",
            """
            *.syncShutdownGracefully AsyncHTTPClient.HTTPClient.syncShutdown \
            NIOPosix.MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop Vapor.Application.run \
            Vapor.Application.shutdown
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
            FoundationNetworking.NSURLConnection.sendSynchronousRequest c:SSL_accept c:SSL_connect c:SSL_read \
            c:SSL_write c:accept c:accept4 c:connect c:recv c:recvfrom c:recvmmsg c:recvmsg c:send c:sendmmsg \
            c:sendmsg c:sendto
            """
        ),
        (
            "blocking-terminal-read",
            """
            Swift.readLine c:getchar c:getdelim c:getline c:gets c:scanf c:vscanf
            """
        ),
        (
            "expensive-key-derivation",
            """
            *.BCryptDigest.hash *.BCryptDigest.verify *.Bcrypt.hash *.Bcrypt.verify \
            CryptoExtras.KDF.Insecure.PBKDF2.deriveKey CryptoExtras.KDF.Scrypt.deriveKey \
            CryptoSwift.PKCS5.PBKDF1.calculate CryptoSwift.PKCS5.PBKDF2.calculate CryptoSwift.Scrypt.calculate \
            _CryptoExtras.KDF.Insecure.PBKDF2.deriveKey _CryptoExtras.KDF.Scrypt.deriveKey c:CCKeyDerivationPBKDF \
            c:EVP_PBE_scrypt c:PKCS5_PBKDF2_HMAC c:PKCS5_PBKDF2_HMAC_SHA1 c:argon2_hash c:argon2id_hash_encoded \
            c:argon2id_verify c:crypt c:crypt_r c:crypto_pwhash c:crypto_pwhash_str c:crypto_pwhash_str_verify
            """
        ),
        (
            "expensive-key-generation",
            """
            *.SecKeyCreateRandomKey CryptoExtras._RSA.Signing.PrivateKey.init(keySize:) \
            _CryptoExtras._RSA.Signing.PrivateKey.init(keySize:) c:DH_generate_parameters_ex c:EVP_PKEY_keygen \
            c:RSA_generate_key_ex
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
            Foundation.NSCondition.lock Foundation.NSConditionLock.lock Foundation.NSLock.lock \
            Foundation.NSLock.withLock Foundation.NSLocking.withLock Foundation.NSRecursiveLock.lock \
            Foundation.NSRecursiveLock.withLock NIOConcurrencyHelpers.Lock.lock \
            NIOConcurrencyHelpers.NIOLock.lock NIOConcurrencyHelpers.NIOLock.withLock \
            NIOConcurrencyHelpers.NIOLockedValueBox.withLockedValue Synchronization.Mutex.withLock c:mtx_lock \
            c:os_unfair_lock_lock c:pthread_mutex_lock c:pthread_rwlock_rdlock c:pthread_rwlock_wrlock \
            c:pthread_spin_lock os.OSAllocatedUnfairLock.withLock
            """
        ),
        (
            "stdio",
            """
            Foundation.NSLog Swift.debugPrint Swift.dump Swift.print c:fprintf c:fputc c:fputs c:perror c:printf \
            c:putc c:putchar c:puts c:syslog c:vprintf
            """
        ),
    ]
}
