/* The limit: a WebSocket server of one thread that does nothing but `send`, to measure all others by.

   sendloop PORT

   A text that arrives on /pub is framed once and sent to every connection of /sub; texts that arrive in one read go
   out in one `send`. /echo sends back. A plain request is answered with "ok". It serves loadgen.c and nobody else:
   the key of the handshake is always that of RFC 6455, section 1.3, no frame is fragmented, and a `send` that is not
   taken at once ends the program. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1 << 16, CHUNK = 1 << 16 };

typedef struct {
    char role; /* 0 before the upgrade, then the first letter of the path */
    int resting;
    unsigned char *rest;
} Connection;

static Connection connections[MOST]; /* by descriptor */
static int subscribers[MOST], subscribed;
static unsigned char incoming[2 * CHUNK], outgoing[4 * CHUNK];

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void give(int to, const void *data, int length) {
    if (send(to, data, length, MSG_NOSIGNAL) != length) fail("send");
}

static void join(int descriptor, char role) {
    connections[descriptor].role = role;
    if (role == 's') subscribers[subscribed++] = descriptor;
}

static void leave(int descriptor) {
    for (int i = 0; i < subscribed; i++)
        if (subscribers[i] == descriptor) {
            subscribers[i] = subscribers[--subscribed];
            break;
        }
    free(connections[descriptor].rest);
    connections[descriptor] = (Connection){0};
    close(descriptor);
}

/* A request head: its length, or 0 while it is not complete. */
static int head(int from, const unsigned char *data, int length) {
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    static const char upgraded[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    const unsigned char *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end) return 0;
    if (memmem(data, length, "Sec-WebSocket-Key", 17)) {
        give(from, upgraded, sizeof upgraded - 1);
        join(from, data[5]); /* "GET /s..." */
    } else
        give(from, ok, sizeof ok - 1);
    return end + 4 - data;
}

/* One frame of a client, appended to what goes out: its length, or 0 while it is not complete. */
static int frame(const unsigned char *data, int length, int *out) {
    if (length < 8) return 0;
    int payload = data[1] & 127, start = 6;
    if (payload == 126) payload = data[2] << 8 | data[3], start = 8;
    if (length < start + payload) return 0;
    const unsigned char *mask = data + start - 4;
    unsigned char *into = outgoing + *out;
    *into++ = data[0];
    *into++ = data[1] & 127;
    if (start == 8) *into++ = data[2], *into++ = data[3];
    for (int i = 0; i < payload; i++) *into++ = data[start + i] ^ mask[i & 3];
    *out = into - outgoing;
    return start + payload;
}

static void receive(int from) {
    Connection *of = &connections[from];
    memcpy(incoming, of->rest, of->resting);
    int got = read(from, incoming + of->resting, CHUNK), length = of->resting + got, done = 0, out = 0;
    if (got <= 0) {
        leave(from);
        return;
    }
    for (int step = 1; step && done < length; done += step)
        step = of->role ? frame(incoming + done, length - done, &out) : head(from, incoming + done, length - done);
    if (out && of->role == 'e') give(from, outgoing, out);
    for (int i = 0; out && of->role == 'p' && i < subscribed; i++) give(subscribers[i], outgoing, out);
    of->resting = length - done;
    if (!of->resting) return;
    of->rest = realloc(of->rest, of->resting);
    memcpy(of->rest, incoming + done, of->resting);
}

static void watch(int poll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
}

static void greet(int poll, int listening) {
    int yes = 1, descriptor = accept4(listening, 0, 0, SOCK_NONBLOCK);
    if (descriptor < 0 || descriptor >= MOST) fail("accept");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    watch(poll, descriptor);
}

int main(int count, char **words) {
    int yes = 1, listening = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event events[512];
    at.sin_port = htons(count > 1 ? atoi(words[1]) : 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listening, (struct sockaddr *)&at, sizeof at) || listen(listening, 4096)) fail("listen");
    watch(poll, listening);
    for (;;) {
        int ready = epoll_wait(poll, events, 512, -1);
        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listening) greet(poll, listening);
            else receive(events[i].data.fd);
    }
}
