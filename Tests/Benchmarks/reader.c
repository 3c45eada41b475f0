// SPDX-License-Identifier: Apache-2.0
// reader [--tls] [--files DIR] [--list] [--user USER] [--password PASSWORD] PORT: the limit that mail movers are held
// against. A POP3 client of 127.0.0.1:PORT that asks for everything ahead of the answers, and keeps nothing; with
// --files it writes a file a message, unstuffed and with LF, and syncs none. It checks nothing that a mover must check.
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { room = 1 << 20, ahead = 2048 };

static int line = -1;
static SSL *tls;
static char input[room];
static size_t from, until;

static void fail(const char *what) {
    fprintf(stderr, "reader: %s\n", what);
    exit(1);
}

static void say(const char *octets, size_t count) {
    while (count > 0) {
        ssize_t sent = tls ? SSL_write(tls, octets, (int)count) : write(line, octets, count);
        if (sent <= 0) fail("the line broke");
        octets += sent, count -= (size_t)sent;
    }
}

// Reads more behind what is there.
static void more(void) {
    if (from > 0) memmove(input, input + from, until - from);
    until -= from, from = 0;
    if (until == room) fail("a line is too long");
    ssize_t got = tls ? SSL_read(tls, input + until, (int)(room - until)) : read(line, input + until, room - until);
    if (got <= 0) fail("the server hung up");
    until += (size_t)got;
}

// A line without its CRLF, good until the next call.
static char *hear(void) {
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

static char *ask(const char *verb, const char *argument) {
    char command[600];
    int count = snprintf(command, sizeof command, "%s%s%s\r\n", verb, *argument ? " " : "", argument);
    say(command, (size_t)count);
    char *answer = hear();
    if (*answer != '+') fail(answer);
    return answer;
}

// Skips to behind CR LF dot CR LF.
static void skip(void) {
    int isFirst = 1;
    for (;;) {
        if (isFirst && until - from >= 3 && !memcmp(input + from, ".\r\n", 3)) { from += 3; return; }
        char *end = memmem(input + from, until - from, "\r\n.\r\n", 5);
        if (end) { from = (size_t)(end - input) + 5; return; }
        if (until - from > 4) from = until - 4, isFirst = 0;
        more();
    }
}

// The same, into a file.
static void keep(const char *folder, int number) {
    static char output[room];
    size_t count = 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/%d", folder, number);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0) fail(path);
    for (;;) {
        char *start = input + from, *end = memchr(start, '\n', until - from);
        if (!end) { more(); continue; }
        from = (size_t)(end - input) + 1;
        size_t length = (size_t)(end - start);
        if (length > 0 && end[-1] == '\r') length--;
        if (*start == '.') {
            if (length == 1) break;
            start++, length--;
        }
        if (count + length + 1 > room) {
            if (write(file, output, count) != (ssize_t)count) fail(path);
            count = 0;
        }
        memcpy(output + count, start, length);
        count += length;
        output[count++] = '\n';
    }
    if (write(file, output, count) != (ssize_t)count || close(file)) fail(path);
}

static void encrypt(void) {
    ask("STLS", "");
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    tls = context ? SSL_new(context) : NULL;
    if (!tls || !SSL_set_fd(tls, line) || SSL_connect(tls) != 1) fail("no TLS");
}

int main(int count, char **words) {
    static const struct option known[] = {
        {"tls", no_argument, 0, 't'}, {"files", required_argument, 0, 'f'}, {"list", no_argument, 0, 'l'},
        {"user", required_argument, 0, 'u'}, {"password", required_argument, 0, 'p'}, {0, 0, 0, 0}};
    const char *folder = NULL, *user = "", *password = "";
    int withTLS = 0, listOnly = 0;
    for (int option; (option = getopt_long(count, words, "", known, NULL)) != -1;) {
        switch (option) {
        case 't': withTLS = 1; break;
        case 'f': folder = optarg; break;
        case 'l': listOnly = 1; break;
        case 'u': user = optarg; break;
        case 'p': password = optarg; break;
        default: return 64;
        }
    }
    if (optind + 1 != count) return 64;

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[optind]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    line = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(line, (struct sockaddr *)&address, sizeof address)) fail("nobody listens there");
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    hear();
    if (withTLS) encrypt();
    ask("USER", user);
    ask("PASS", password);
    int messages = atoi(ask("STAT", "") + 4);
    ask("UIDL", "");
    skip();
    if (listOnly) messages = 0;
    for (int sent = 0, number = 1; number <= messages; number++) {
        if (sent < messages && sent - number < ahead / 2) {
            static char commands[ahead * 16];
            size_t length = 0;
            while (sent < messages && sent - number < ahead)
                length += (size_t)sprintf(commands + length, "RETR %d\r\n", ++sent);
            say(commands, length);
        }
        if (*hear() != '+') fail("a message was refused");
        if (folder) keep(folder, number); else skip();
    }
    ask("QUIT", "");
    return 0;
}
