// Names and processes. Included by the one file of wrappers.
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

static bool is_numeric(const char *host) {
    unsigned char address[16];
    return !host || inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

LG_WRAP(int, getaddrinfo,
        (const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found),
        (host, service, hints, found), EAI_SYSTEM, -1, 0, 0, 0,
        !(hints && (hints->ai_flags & AI_NUMERICHOST)) && !is_numeric(host))
LG_WRAP(int, getnameinfo,
        (const struct sockaddr *a, socklen_t n, char *host, socklen_t hostRoom, char *service, socklen_t serviceRoom,
         int flags),
        (a, n, host, hostRoom, service, serviceRoom, flags), EAI_SYSTEM, -1, 0, 0, 0,
        host && hostRoom > 0 && !(flags & NI_NUMERICHOST))
LG_WRAP(struct hostent *, gethostbyname, (const char *host), (host), NULL, -1, 0, 0, 0, !is_numeric(host))
LG_WRAP(struct hostent *, gethostbyname2, (const char *host, int family), (host, family), NULL, -1, 0, 0, 0,
        !is_numeric(host))
LG_WRAP(int, gethostbyname_r,
        (const char *restrict host, struct hostent *restrict entry, char *restrict buffer, size_t room,
         struct hostent **restrict found, int *restrict error),
        (host, entry, buffer, room, found, error), ENOSYS, -1, 0, 0, 0, !is_numeric(host))
LG_WRAP(struct hostent *, gethostbyaddr, (const void *a, socklen_t n, int family), (a, n, family), NULL, -1, 0, 0, 0,
        true)

LG_WRAP(int, gethostbyname2_r,
        (const char *restrict host, int family, struct hostent *restrict entry, char *restrict buffer, size_t room,
         struct hostent **restrict found, int *restrict error),
        (host, family, entry, buffer, room, found, error), ENOSYS, -1, 0, 0, 0, !is_numeric(host))
LG_WRAP(int, gethostbyaddr_r,
        (const void *restrict a, socklen_t n, int family, struct hostent *restrict entry, char *restrict buffer,
         size_t room, struct hostent **restrict found, int *restrict error),
        (a, n, family, entry, buffer, room, found, error), ENOSYS, -1, 0, 0, 0, true)

LG_WRAP(pid_t, wait, (int *status), (status), -1, SYS_wait4, -1, 0, 0, true)
LG_WRAP(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options), -1, SYS_wait4, pid, 0, options,
        !(options & WNOHANG))
LG_WRAP(pid_t, wait3, (int *status, int options, struct rusage *use), (status, options, use), -1, SYS_wait4, -1, 0,
        options, !(options & WNOHANG))
LG_WRAP(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *use), (pid, status, options, use), -1,
        SYS_wait4, pid, 0, options, !(options & WNOHANG))
LG_WRAP(int, waitid, (idtype_t type, id_t id, siginfo_t *info, int options), (type, id, info, options), -1, SYS_waitid,
        type, id, 0, !(options & WNOHANG))
LG_WRAP(int, system, (const char *command), (command), -1, -1, 0, 0, 0, command != NULL)
LG_WRAP(FILE *, popen, (const char *command, const char *mode), (command, mode), NULL, -1, 0, 0, 0, true)
LG_WRAP(int, pclose, (FILE * stream), (stream), -1, -1, 0, 0, 0, true)
