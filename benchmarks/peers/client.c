// The load generator: in C, so that the server and not the client is the bottleneck. Prints one line of JSON.
//   client [-r] PORT send BYTES         one exchange, the file sent with send() from a 1 MiB buffer
//   client [-r] PORT sendfile BYTES     the same with sendfile() from memory
//   client PORT loop N SIZE             N exchanges of SIZE bytes, one after another, each on a fresh connection
//   client PORT queue N SIZE K          the same while K more clients are connected and wait for their turn
//   client PORT first PROGRAM ARGS...   starts PROGRAM and times it up to its first "accio\r\n", then ends it
// -r sends the bytes alone, without the protocol.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1024 * 1024, MEMORY_FILE = 64 * MIB };

extern char **environ;

static char block[MIB];
static int memory_file = -1;
static bool raw;
static uint16_t port;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
    exit(1);
}

// The first connection may come before the server listens: it is retried for ten seconds.
static int connect_to_server(bool retry)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const struct timespec pause = { .tv_nsec = 50000 };
    double give_up = retry ? now() + 10 : 0;
    for (;;) {
        int server = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(server, (struct sockaddr *)&address, sizeof address) == 0)
            return server;
        if (!retry || errno != ECONNREFUSED || now() > give_up)
            fail("connect");
        close(server);
        nanosleep(&pause, NULL);
    }
}

static void send_all(int server, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(server, bytes, size, MSG_NOSIGNAL);
        if (sent < 0)
            fail("send");
        bytes += sent;
        size -= (size_t)sent;
    }
}

static void take_accio(int server)
{
    char answer[7];
    if (recv(server, answer, sizeof answer, MSG_WAITALL) != sizeof answer || memcmp(answer, "accio\r\n", sizeof answer) != 0)
        fail("no accio from the server");
}

static void send_file(int server, long long size)
{
    const long long most = memory_file < 0 ? MIB : MEMORY_FILE;
    while (size > 0) {
        size_t part = (size_t)(size < most ? size : most);
        if (memory_file < 0) {
            send_all(server, block, part);
        } else {
            off_t from = 0;
            ssize_t sent = sendfile(server, memory_file, &from, part);
            if (sent <= 0)
                fail("sendfile");
            part = (size_t)sent;
        }
        size -= (long long)part;
    }
}

// Ends when the server has closed: only then has it taken every byte. Returns when its first answer came.
static double exchange(int server, long long size)
{
    double answered = 0;
    if (!raw) {
        take_accio(server);
        answered = now();
        send_all(server, "confirm-accio\r\n", 15);
        take_accio(server);
        send_all(server, "confirm-accio-again\r\n\r\n", 23);
    }
    send_file(server, size);
    char end;
    if (shutdown(server, SHUT_WR) != 0 || recv(server, &end, 1, 0) != 0)
        fail("the server did not close in order");
    close(server);
    return answered;
}

static int by_size(const void *left, const void *right)
{
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

static void watch(int queue, int server)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = server };
    if (epoll_ctl(queue, EPOLL_CTL_ADD, server, &event) != 0)
        fail("epoll_ctl");
}

// A new client for every one that has been served, so that as many wait all the time; only the last exchanges have fewer behind them.
// The client that gets the server's first command is next: a server that accepts all clients at once may serve them in another order.
static void run_exchanges(int count, long long size, int waiting)
{
    if (count <= waiting)
        fail("fewer exchanges than clients");
    int queue = epoll_create1(0);
    double *latency = calloc((size_t)count, sizeof *latency);
    for (int i = 0; i < waiting; i++)
        watch(queue, connect_to_server(i == 0));

    double start = now();
    for (int i = 0; i < count; i++) {
        double before = now();
        int server = i + waiting < count ? connect_to_server(i == 0) : -1;
        if (waiting > 0) {
            if (server >= 0)
                watch(queue, server);
            struct epoll_event next;
            if (epoll_wait(queue, &next, 1, -1) != 1)
                fail("epoll_wait");
            server = next.data.fd;
        }
        exchange(server, size);
        latency[i] = now() - before;
    }
    double seconds = now() - start;
    qsort(latency, (size_t)count, sizeof *latency, by_size);
    printf("{\"seconds\":%.6f,\"p50Microseconds\":%.1f,\"p99Microseconds\":%.1f}\n", seconds,
           latency[count / 2] * 1e6, latency[(int)(count * 0.99)] * 1e6);
}

static pid_t program;

static void end_program(void)
{
    kill(program, SIGKILL);
    waitpid(program, NULL, 0);
}

static void run_first(char **command)
{
    int output[2];
    if (pipe2(output, O_CLOEXEC) != 0)
        fail("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);

    double start = now();
    if (posix_spawn(&program, command[0], &actions, NULL, command, environ) != 0)
        fail(command[0]);
    atexit(end_program);
    double seconds = exchange(connect_to_server(true), 500) - start;

    char line[32] = "";
    if (read(output[0], line, sizeof line - 1) <= 0 || strcmp(line, "500\n") != 0)
        fail("the server counted wrong");
    printf("{\"seconds\":%.6f}\n", seconds);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "-r") == 0) {
        raw = true;
        count--;
        arguments++;
    }
    port = (uint16_t)(count > 1 ? atoi(arguments[1]) : 0);
    const char *mode = count > 3 ? arguments[2] : "";
    memset(block, 'x', sizeof block);

    if (strcmp(mode, "send") == 0 || strcmp(mode, "sendfile") == 0) {
        if (mode[4] != '\0') {
            memory_file = memfd_create("accio", 0);
            for (int i = 0; i < MEMORY_FILE / MIB; i++)
                if (write(memory_file, block, MIB) != MIB)
                    fail("memfd");
        }
        int server = connect_to_server(true);
        double start = now();
        exchange(server, atoll(arguments[3]));
        printf("{\"seconds\":%.6f}\n", now() - start);
    } else if (strcmp(mode, "loop") == 0 && count == 5) {
        run_exchanges(atoi(arguments[3]), atoll(arguments[4]), 0);
    } else if (strcmp(mode, "queue") == 0 && count == 6) {
        run_exchanges(atoi(arguments[3]), atoll(arguments[4]), atoi(arguments[5]));
    } else if (strcmp(mode, "first") == 0) {
        run_first(arguments + 3);
    } else {
        fprintf(stderr, "usage: see the top of client.c\n");
        return 2;
    }
    return 0;
}
