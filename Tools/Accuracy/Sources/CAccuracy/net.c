#include "internal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>

static struct sockaddr_in loopback(uint16_t port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = port};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static int bound_socket(int type, struct sockaddr_in *address) {
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    *address = loopback(0);
    socklen_t size = sizeof *address;
    if (fd >= 0 && bind(fd, (struct sockaddr *)address, size) == 0 &&
        getsockname(fd, (struct sockaddr *)address, &size) == 0)
        return fd;
    if (fd >= 0) close(fd);
    return -1;
}

// MARK: connect

static struct sockaddr_in black_hole;

int acc_black_hole_start(void) {
    int listener = bound_socket(SOCK_STREAM, &black_hole);
    if (listener < 0 || listen(listener, 0) != 0) return errno ? errno : EIO;
    // The kernel takes one more than the backlog, and a few in its SYN queue; these stay open for the life of the process.
    for (int i = 0; i < 4; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fd, (struct sockaddr *)&black_hole, sizeof black_hole);
    }
    return 0;
}

ACC_PLANTED acc_outcome acc_connect(uint64_t ns) {
    acc_outcome out = {0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return acc_failed(errno);
    struct timeval limit = {(time_t)(ns / 1000000000ull), (suseconds_t)(ns / 1000 % 1000000)};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int r = connect(fd, (struct sockaddr *)&black_hole, sizeof black_hole);
    if (r == 0) out.error = EISCONN;
    if (r < 0 && errno == EINTR) out.interrupted++;
    close(fd);
    return out;
}

// MARK: getaddrinfo

static struct sockaddr_in resolver;
static int resolver_socket = -1;

typedef struct pending_answer {
    uint8_t query[512];
    ssize_t size;
    struct sockaddr_in from;
    _Atomic bool has_query;
} pending_answer;
static pending_answer pending;
// The time for the answer has come before the question has.
static _Atomic bool is_overdue;

static void answer(void *unused);

static void *serve_names(void *unused) {
    (void)unused;
    acc_name_thread("acc-resolver");
    for (;;) {
        uint8_t query[512];
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(resolver_socket, query, sizeof query, 0, (struct sockaddr *)&from, &size);
        if (n < 12) continue;
        memcpy(pending.query, query, (size_t)n);
        pending.size = n;
        pending.from = from;
        atomic_store(&pending.has_query, true);
        if (atomic_exchange(&is_overdue, false)) answer(NULL);
    }
    return NULL;
}

int acc_resolver_start(void) {
    resolver_socket = bound_socket(SOCK_DGRAM, &resolver);
    if (resolver_socket < 0) return errno ? errno : EIO;
    pthread_t thread;
    int e = pthread_create(&thread, NULL, serve_names, NULL);
    if (e == 0) pthread_detach(thread);
    return e;
}

// "No such name", to whoever asked last.
static void answer(void *unused) {
    (void)unused;
    atomic_store(&is_overdue, true);
    if (!atomic_exchange(&pending.has_query, false)) return;
    atomic_store(&is_overdue, false);
    pending.query[2] |= 0x80;
    pending.query[3] = 0x83;
    sendto(resolver_socket, pending.query, (size_t)pending.size, 0, (struct sockaddr *)&pending.from,
           sizeof pending.from);
}

ACC_PLANTED acc_outcome acc_getaddrinfo(uint64_t ns) {
    // The resolver's state is the thread's own: no file of the system has to be touched.
    res_init();
    struct __res_state before = _res;
    _res.nscount = 1;
    _res.nsaddr_list[0] = resolver;
    _res.retry = 1;
    atomic_store(&pending.has_query, false);
    atomic_store(&is_overdue, false);
    acc_helper *helper = acc_after(ns, answer, NULL);
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list = NULL;
    int status = helper ? getaddrinfo("stall.example.", "80", &hints, &list) : EAI_AGAIN;
    acc_join(helper);
    if (list) freeaddrinfo(list);
    _res.nscount = before.nscount;
    _res.nsaddr_list[0] = before.nsaddr_list[0];
    _res.retry = before.retry;
    return status == EAI_NONAME || status == EAI_NODATA ? (acc_outcome){0} : acc_failed(EPROTO);
}
