// The exchange of AccioKestrel in plain C, in two strengths:
//   accio_server PORT recv     copies every byte into a 256 KiB buffer, as a good ordinary server does
//   accio_server PORT limit    the least the kernel can be asked for: it drops the bytes instead of copying them
//                              (MSG_TRUNC) and wakes the server once a MiB instead of once a segment (SO_RCVLOWAT)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * KIB, BACKLOG = 512 };

// A receive gives up after a quarter second, so that a trickle below the low-water mark is still seen.
// 40 of them without a byte are the 10 s of the protocol, or a little more: the kernel never gives up early.
enum { QUIET_MICROSECONDS = 250000, QUIET_LIMIT = 40 };

static const int on = 1;
static bool limit;
static char buffer[4 * MIB]; // with MSG_TRUNC its pages are never touched, so its size costs nothing

static ssize_t receive(int client, void *into, size_t size, int flags)
{
    for (int quiet = 0; quiet < QUIET_LIMIT; quiet++) {
        ssize_t got = recv(client, into, size, flags);
        if (got >= 0 || errno != EAGAIN)
            return got;
    }
    struct linger abort_on_close = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(client, SOL_SOCKET, SO_LINGER, &abort_on_close, sizeof abort_on_close);
    return -1;
}

static bool confirm(int client, const char *confirmation)
{
    if (send(client, "accio\r\n", 7, MSG_NOSIGNAL) != 7)
        return false;

    // Never asks for more than is missing: what follows the confirmation stays in the socket and is counted as the file.
    char part[32];
    for (size_t have = 0, size = strlen(confirmation); have < size;) {
        ssize_t got = receive(client, part, size - have, 0);
        if (got <= 0 || memcmp(part, confirmation + have, (size_t)got) != 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static long long count_file(int client)
{
    const int mark = MIB;
    size_t ask = limit ? sizeof buffer : 256 * KIB;
    bool marked = !limit;
    ssize_t got;
    long long total = 0;
    while ((got = receive(client, buffer, ask, limit ? MSG_TRUNC : 0)) > 0) {
        total += got;
        if (!marked && total >= MIB) {
            setsockopt(client, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
            marked = true;
        }
    }
    return got == 0 ? total : -1;
}

static void stop(int number)
{
    (void)number;
    _exit(0);
}

int main(int count, char **arguments)
{
    limit = count > 2 && strcmp(arguments[2], "limit") == 0;
    char *end = "";
    long port = count > 1 ? strtol(arguments[1], &end, 10) : 0;
    if (port < 1 || port > 65535 || *end != 0) {
        fprintf(stderr, "ERROR: the port must be a number from 1 to 65535\n");
        return 1;
    }
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

    // An accepted socket inherits TCP_NODELAY: one call for all of them.
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, BACKLOG) != 0) {
        perror("ERROR");
        return 1;
    }

    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    signal(SIGQUIT, stop);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        struct timeval quiet = { .tv_usec = QUIET_MICROSECONDS };
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof quiet);

        long long size = confirm(client, "confirm-accio\r\n") && confirm(client, "confirm-accio-again\r\n\r\n") ? count_file(client) : -1;

        char line[32];
        int length = size < 0 ? sprintf(line, "ERROR\n") : sprintf(line, "%lld\n", size);
        if (write(STDOUT_FILENO, line, (size_t)length) != length)
            return 1;
        close(client);
    }
}
