/* The load: opens WebSocket connections to one server on this machine, makes it deliver, and counts.

   loadgen PORT NAME=VALUE...        (names: see "options" below)

   It is told what to do by lines on its standard input, and answers each with one line of JSON:

     open N                       N further subscribers, each upgraded, greeted and ready
     publish COUNT BURST SECONDS  COUNT publications in bursts, or as many as are begun in SECONDS; a burst goes out
                                  when every subscriber has the one before
     beside SECONDS AHEAD         publications without pause: the next one goes out when at most AHEAD of the earlier
                                  ones are not yet with every subscriber. Another connection asks for /plain
     echo SECONDS                 every subscriber sends, and sends again as soon as its text is back

   While something is measured it spins: the server never pays for waking it. A publication carries its number and
   the time it left (a stamp, see "stamp"); every subscriber has to receive every number, once and in order. Whatever
   else happens ends the program with one line on standard error. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    DEADLINE = 90,         /* seconds for one command */
    MOST = 1 << 16,        /* subscribers */
    AT_ONCE = 64,          /* handshakes under way */
    CHUNK = 1 << 16,       /* bytes read at once */
    LARGEST = 1 << 18,     /* bytes of an incomplete frame, a burst, or an HTTP head */
    SIZE = 128,            /* bytes of what is published, without prefix and suffix */
    STAMP = 30,            /* bytes of a stamp */
    PROBE_EVERY = 2000000, /* ns from an HTTP answer to the next request */
};

/* ---- options ---- */

static int port;
static const char *sub = "/sub", *pub = "/pub"; /* where subscribers and the publisher connect */
static const char *hello = "", *ready = "";     /* what a subscriber says first, and what its answer contains */
static const char *pub_hello = "", *pub_ready = "";
static const char *prefix = "", *suffix = "";   /* around what is published or echoed */
static const char *ping = "", *pong = "";       /* a text of the server that keeps a line alive, and its answer */

/* ---- small things ---- */

static void fail(const char *format, ...) {
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(1);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void *grown(void *memory, size_t bytes) {
    memory = realloc(memory, bytes);
    if (!memory) fail("out of memory");
    return memory;
}

/* Durations in tenths of a microsecond. */
typedef struct {
    uint32_t *values;
    size_t count, room;
} Times;

static void add(Times *times, uint64_t nanoseconds) {
    if (times->count == times->room)
        times->values = grown(times->values, (times->room = times->room * 2 + 1024) * sizeof *times->values);
    times->values[times->count++] = nanoseconds / 100;
}

static int by_value(const void *first, const void *second) {
    uint32_t a = *(const uint32_t *)first, b = *(const uint32_t *)second;
    return (a > b) - (a < b);
}

static void print_times(const char *name, Times *times) {
    if (!times->count) return;
    qsort(times->values, times->count, sizeof *times->values, by_value);
    size_t last = times->count - 1;
    printf(", \"%s\": {\"count\": %zu, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}", name, times->count,
           times->values[last / 2] / 10.0, times->values[(size_t)(last * 0.99)] / 10.0, times->values[last] / 10.0);
}

/* ---- connections ---- */

typedef enum { UPGRADING, GREETING, READY } State;
typedef enum { SUBSCRIBER, PUBLISHER, PROBE } Role;

typedef struct {
    int fd;
    State state;
    Role role;
    uint32_t next;       /* the number that has to come next */
    unsigned char *rest; /* of an incomplete frame or head */
    size_t resting;
} Connection;

static int polled;
static Connection subscribers[MOST], publisher, probe;
static long opened, under_way; /* subscribers, and handshakes not yet complete */

static bool echoing;
static long sent, delivered;
static Times latencies, answers;
static uint64_t idle, probed, probe_next, deadline;
static bool probing;

static void give(Connection *to, const void *data, size_t length) {
    const unsigned char *from = data;
    while (length) {
        ssize_t taken = send(to->fd, from, length, MSG_NOSIGNAL);
        if (taken < 0 && errno != EAGAIN) fail("write: %s", strerror(errno));
        if (taken < 0 && deadline && now() > deadline) fail("after %d s the server does not read", DEADLINE);
        if (taken > 0) from += taken, length -= taken;
    }
}

/* A client's frame (RFC 6455, section 5.2), masked with a key that is as good as any: there is no proxy to fool. */
static size_t frame(unsigned char *into, int opcode, const void *payload, size_t length) {
    size_t head = length < 126 ? 2 : 4;
    into[0] = 0x80 | opcode;
    into[1] = 0x80 | (length < 126 ? length : 126);
    if (length >= 126) into[2] = length >> 8, into[3] = length;
    static const unsigned char mask[4] = {0x5a, 0x13, 0xc7, 0x21};
    memcpy(into + head, mask, 4);
    head += 4;
    for (size_t i = 0; i < length; i++) into[head + i] = ((const unsigned char *)payload)[i] ^ mask[i & 3];
    return head + length;
}

static void say(Connection *to, int opcode, const void *payload, size_t length) {
    static unsigned char framed[LARGEST];
    give(to, framed, frame(framed, opcode, payload, length));
}

/* A text with a stamp: @NUMBER@TIME@, of fixed width and of characters that every encoding leaves alone. */
static size_t stamped(unsigned char *into, uint32_t number) {
    static char text[LARGEST];
    size_t length = sprintf(text, "%s{\"text\":\"@%08u@%019llu@", prefix, number, (unsigned long long)now());
    while (length < strlen(prefix) + SIZE - 2) text[length++] = 'x';
    length += sprintf(text + length, "\"}%s", suffix);
    return frame(into, 1, text, length);
}

static void speak(Connection *to) {
    unsigned char framed[8192];
    sent++;
    give(to, framed, stamped(framed, to->next));
}

static uint64_t number_at(const unsigned char *digits, int count) {
    uint64_t value = 0;
    while (count--) value = value * 10 + *digits++ - '0';
    return value;
}

/* ---- what comes in ---- */

static void deliver(Connection *from, const unsigned char *stamp, uint64_t at) {
    uint32_t number = number_at(stamp + 1, 8);
    if (number != from->next) fail("publication %u came where %u had to come", number, from->next);
    from->next++;
    delivered++;
    add(&latencies, at - number_at(stamp + 10, 19));
    if (echoing) speak(from);
}

static void content(Connection *from, const unsigned char *payload, size_t length, uint64_t at) {
    if (from->state == GREETING) {
        const char *awaited = from->role == PUBLISHER ? pub_ready : ready;
        if (memmem(payload, length, awaited, strlen(awaited))) from->state = READY, under_way--;
        return;
    }
    if (*ping && length == strlen(ping) && !memcmp(payload, ping, length)) say(from, 1, pong, strlen(pong));
    if (from->role != SUBSCRIBER) return;
    const unsigned char *end = payload + length;
    for (const unsigned char *at_sign = payload; (at_sign = memchr(at_sign, '@', end - at_sign)); at_sign += STAMP) {
        if (end - at_sign < STAMP || at_sign[9] != '@' || at_sign[29] != '@') fail("a stamp is damaged");
        deliver(from, at_sign, at);
    }
}

/* One server's frame at the beginning of *data*: its length, or 0 while it is not complete. */
static size_t one_frame(Connection *from, const unsigned char *data, size_t length, uint64_t at) {
    if (length < 2) return 0;
    size_t head = 2, payload = data[1];
    if (payload > 125) {
        head = payload == 126 ? 4 : 10;
        if (length < head) return 0;
        payload = 0;
        for (size_t i = 2; i < head; i++) payload = payload << 8 | data[i];
    }
    if (length - head < payload || length < head) return 0;
    const unsigned char *start = data + head;
    switch (data[0]) {
    case 0x81: case 0x82: content(from, start, payload, at); break;
    case 0x88: fail("the server closed a connection: %u", payload < 2 ? 1005 : start[0] << 8 | start[1]); break;
    case 0x89: say(from, 10, start, payload); break;
    case 0x8a: break;
    default: fail("a frame begins with 0x%02x", data[0]);
    }
    return head + payload;
}

/* The answer to the upgrade (RFC 6455, section 4.1; the key is that of section 1.3). */
static size_t upgraded(Connection *from, const unsigned char *data, size_t length) {
    const unsigned char *end = memmem(data, length, "\r\n\r\n", 4);
    if (!end) return 0;
    if (length < 12 || memcmp(data + 8, " 101", 4)) fail("the upgrade was answered with %.*s", 40, data);
    if (!memmem(data, end - data, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28)) fail("the upgrade has a wrong accept");
    const char *greeting = from->role == PUBLISHER ? pub_hello : hello;
    if (*greeting) say(from, 1, greeting, strlen(greeting));
    from->state = *greeting ? GREETING : READY;
    if (!*greeting) under_way--;
    return end + 4 - data;
}

static size_t answered(const unsigned char *data, size_t length, uint64_t at) {
    if (length < 16 || !memmem(data, length, "\r\n\r\n", 4) || memcmp(data + length - 2, "ok", 2)) return 0;
    if (memcmp(data + 8, " 200", 4)) fail("/plain was answered with %.*s", 40, data);
    add(&answers, at - probed);
    probed = 0;
    probe_next = at + PROBE_EVERY;
    return length;
}

static size_t consume(Connection *from, const unsigned char *data, size_t length, uint64_t at) {
    size_t done = 0;
    for (size_t step = 1; step && done < length; done += step) {
        if (from->role == PROBE) step = answered(data + done, length - done, at);
        else if (from->state == UPGRADING) step = upgraded(from, data + done, length - done);
        else step = one_frame(from, data + done, length - done, at);
    }
    return done;
}

static void keep(Connection *of, const unsigned char *data, size_t length) {
    if (length > LARGEST) fail("%zu bytes and no end of a frame", length);
    of->rest = grown(0, length);
    memcpy(of->rest, data, length);
    of->resting = length;
}

static void receive(Connection *from, uint64_t at) {
    static unsigned char data[LARGEST + CHUNK];
    for (;;) {
        size_t old = from->resting;
        if (old) memcpy(data, from->rest, old), free(from->rest), from->resting = 0;
        ssize_t got = read(from->fd, data + old, CHUNK);
        if (!got) fail("the server ended a connection");
        if (got < 0 && errno != EAGAIN) fail("read: %s", strerror(errno));
        size_t length = old + (got > 0 ? got : 0), done = consume(from, data, length, at);
        if (done < length) keep(from, data + done, length - done);
        if (got < CHUNK) return;
    }
}

/* ---- what goes out ---- */

static void reach(Connection *as, Role role) {
    int yes = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to.sin_port = htons(port);
    struct linger none = {1, 0}; /* no port waits for stragglers when this program ends */
    *as = (Connection){.fd = socket(AF_INET, SOCK_STREAM, 0), .role = role};
    if (as->fd < 0) fail("socket: %s", strerror(errno));
    if (connect(as->fd, (struct sockaddr *)&to, sizeof to)) fail("connect: %s", strerror(errno));
    setsockopt(as->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(as->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    fcntl(as->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = as};
    epoll_ctl(polled, EPOLL_CTL_ADD, as->fd, &event);
}

static void call(Connection *as, Role role, const char *path) {
    char request[1024];
    reach(as, role);
    under_way++;
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          path, port);
    give(as, request, length);
}

static void ask(void) {
    char request[128];
    probed = now();
    give(&probe, request, sprintf(request, "GET /plain HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", port));
}

static void publish(long burst) {
    static unsigned char frames[LARGEST];
    size_t length = 0;
    while (burst--) length += stamped(frames + length, sent++);
    give(&publisher, frames, length);
}

/* ---- commands ---- */

static bool woken; /* by our standard input */

/* Take what is there; with *patience* 0 without waiting. */
static void turn(int patience) {
    struct epoll_event events[64];
    uint64_t before = now();
    int count = epoll_wait(polled, events, 64, patience);
    uint64_t at = now();
    if (!count) idle += at - before;
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr) receive(events[i].data.ptr, at);
        else woken = true;
    if (probing && !probed && at >= probe_next) ask();
    if (deadline && at > deadline)
        fail("after %d s: %ld not ready, %ld sent, %ld delivered", DEADLINE, under_way, sent, delivered);
}

static uint64_t begin(void) {
    latencies.count = answers.count = 0;
    idle = 0;
    uint64_t start = now();
    deadline = start + DEADLINE * 1000000000ull;
    return start;
}

static void report(uint64_t start, long count) {
    double seconds = (now() - start) / 1e9;
    printf("{\"count\": %ld, \"seconds\": %.6f, \"idle\": %.4f", count, seconds, idle / 1e9 / seconds);
    print_times("latency", &latencies);
    print_times("http", &answers);
    puts("}");
    fflush(stdout);
    deadline = 0;
}

static void do_open(long count) {
    uint64_t start = begin();
    if (opened + count > MOST) fail("at most %d subscribers", MOST);
    for (long i = 0; i < count; i++) {
        call(&subscribers[opened++], SUBSCRIBER, sub);
        while (under_way >= AT_ONCE) turn(0);
    }
    while (under_way) turn(0);
    report(start, count);
}

static void call_publisher(void) {
    if (publisher.fd) return;
    call(&publisher, PUBLISHER, pub);
    begin();
    while (under_way) turn(0);
}

static void do_publish(long count, long burst, double seconds) {
    call_publisher();
    uint64_t start = begin();
    long target = sent + count, before = delivered;
    while (delivered < sent * opened || (sent < target && now() - start < seconds * 1e9)) {
        if (delivered == sent * opened) publish(burst < target - sent ? burst : target - sent);
        turn(0);
    }
    report(start, delivered - before);
}

static void do_beside(double seconds, long ahead) {
    call_publisher();
    if (!probe.fd) reach(&probe, PROBE);
    uint64_t start = begin();
    long before = delivered;
    for (probing = true; now() - start < seconds * 1e9; turn(0))
        if (sent * opened - delivered <= ahead * opened) publish(1);
    for (probing = false; probed || delivered < sent * opened;) turn(0);
    report(start, delivered - before);
}

static void do_echo(double seconds) {
    uint64_t start = begin();
    sent = delivered = 0;
    echoing = true;
    for (long i = 0; i < opened; i++) speak(&subscribers[i]);
    while (now() - start < seconds * 1e9) turn(0);
    echoing = false;
    while (delivered < sent) turn(0);
    report(start, delivered);
}

static void obey(char *line) {
    long count, burst, ahead;
    double seconds;
    if (sscanf(line, "open %ld", &count) == 1) do_open(count);
    else if (sscanf(line, "publish %ld %ld %lf", &count, &burst, &seconds) == 3) do_publish(count, burst, seconds);
    else if (sscanf(line, "beside %lf %ld", &seconds, &ahead) == 2) do_beside(seconds, ahead);
    else if (sscanf(line, "echo %lf", &seconds) == 1) do_echo(seconds);
    else fail("what is %s", line);
}

static void take_option(char *text) {
    static const struct { const char *name, **value; } options[] = {
        {"sub", &sub}, {"pub", &pub}, {"hello", &hello}, {"ready", &ready}, {"pub_hello", &pub_hello},
        {"pub_ready", &pub_ready},
        {"prefix", &prefix}, {"suffix", &suffix}, {"ping", &ping}, {"pong", &pong},
    };
    char *value = strchr(text, '=');
    if (!value) fail("what is %s", text);
    *value++ = 0;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (!strcmp(text, options[i].name)) {
            *options[i].value = value;
            return;
        }
    fail("what is %s", text);
}

int main(int count, char **words) {
    if (count < 2) fail("loadgen PORT NAME=VALUE...");
    port = atoi(words[1]);
    for (int i = 2; i < count; i++) take_option(words[i]);
    polled = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(polled, EPOLL_CTL_ADD, 0, &event);
    char line[256];
    for (;;) { /* between commands it sleeps, and answers pings */
        for (woken = false; !woken;) turn(-1);
        ssize_t length = read(0, line, sizeof line - 1);
        if (length <= 0) return 0;
        line[length] = 0;
        obey(line);
    }
}
