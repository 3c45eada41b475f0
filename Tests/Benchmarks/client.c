// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

char input[room];
size_t from, until;
static int line = -1;
static SSL *tls;

void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(1);
}

struct order read_order(int count, char **words) {
    static const struct option known[] = {
        {"tls", no_argument, 0, 't'}, {"files", required_argument, 0, 'f'}, {"list", no_argument, 0, 'l'},
        {"user", required_argument, 0, 'u'}, {"password", required_argument, 0, 'p'}, {0, 0, 0, 0}};
    struct order order = {.user = "", .password = ""};
    for (int option; (option = getopt_long(count, words, "", known, NULL)) != -1;) {
        switch (option) {
        case 't': order.withTLS = 1; break;
        case 'f': order.folder = optarg; break;
        case 'l': order.listOnly = 1; break;
        case 'u': order.user = optarg; break;
        case 'p': order.password = optarg; break;
        default: exit(64);
        }
    }
    if (optind >= count) exit(64);
    order.port = atoi(words[optind]);
    order.countOfRest = count - optind - 1, order.rest = words + optind + 1;
    return order;
}

void dial(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    line = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(line, (struct sockaddr *)&address, sizeof address)) fail("nobody listens there");
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void encrypt(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    tls = context ? SSL_new(context) : NULL;
    if (!tls || !SSL_set_fd(tls, line) || SSL_connect(tls) != 1) fail("no TLS");
}

void say(const char *octets, size_t count) {
    while (count > 0) {
        ssize_t sent = tls ? SSL_write(tls, octets, (int)count) : write(line, octets, count);
        if (sent <= 0) fail("the line broke");
        octets += sent, count -= (size_t)sent;
    }
}

void say_text(const char *text) { say(text, strlen(text)); }

void more(void) {
    if (from > 0) memmove(input, input + from, until - from);
    until -= from, from = 0;
    if (until == room) fail("a line is too long");
    ssize_t got = tls ? SSL_read(tls, input + until, (int)(room - until)) : read(line, input + until, room - until);
    if (got <= 0) fail("the server hung up");
    until += (size_t)got;
}

char *hear(void) {
    for (;;) {
        char *end = memchr(input + from, '\n', until - from);
        if (!end) { more(); continue; }
        char *start = input + from;
        from = (size_t)(end - input) + 1;
        if (end > start && end[-1] == '\r') end--;
        *end = 0;
        return start;
    }
}

int create(const char *folder, int number) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%d", folder, number);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0) fail(path);
    return file;
}

void write_all(int file, const char *octets, size_t count) {
    if (write(file, octets, count) != (ssize_t)count) fail("a file cannot be written");
}

void finish(int file) {
    if (close(file)) fail("a file cannot be closed");
}
