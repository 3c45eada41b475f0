// SPDX-License-Identifier: Apache-2.0
// imap-writer --user USER --password PASSWORD PORT FILE…: the limit that moves into IMAP are held against. An IMAP
// client of 127.0.0.1:PORT that appends the files, with CRLF, to the inbox: 200 in a command (MULTIAPPEND, RFC 3502),
// without waiting for the server's leave (LITERAL+). What a mover must know of them, it does not look at.
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { room = 4 << 20, batch = 200 };

static int line = -1;
static char input[65536];
static size_t held;

static void fail(const char *what) {
    fprintf(stderr, "imap-writer: %s\n", what);
    exit(1);
}

static void say(const char *octets, size_t count) {
    while (count > 0) {
        ssize_t sent = write(line, octets, count);
        if (sent <= 0) fail("the line broke");
        octets += sent, count -= (size_t)sent;
    }
}

// Until the answer to the command with this tag.
static void answer(const char *tag) {
    for (;;) {
        char *end;
        while (!(end = memchr(input, '\n', held))) {
            if (held == sizeof input) fail("a line is too long");
            ssize_t got = read(line, input + held, sizeof input - held);
            if (got <= 0) fail("the server hung up");
            held += (size_t)got;
        }
        *end = 0;
        int isLast = !strncmp(input, tag, strlen(tag)) && input[strlen(tag)] == ' ';
        if (isLast && strncmp(input + strlen(tag) + 1, "OK", 2)) fail(input);
        held -= (size_t)(end + 1 - input);
        memmove(input, end + 1, held);
        if (isLast) return;
    }
}

// A file with CRLF; good until the next call.
static const char *text(const char *path, size_t *count) {
    static char raw[room], sent[2 * room];
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    size_t length = fread(raw, 1, room, file);
    fclose(file);
    *count = 0;
    for (size_t at = 0; at < length; at++) {
        if (raw[at] == '\n') sent[(*count)++] = '\r';
        sent[(*count)++] = raw[at];
    }
    return sent;
}

int main(int count, char **words) {
    static const struct option known[] = {
        {"user", required_argument, 0, 'u'}, {"password", required_argument, 0, 'p'}, {0, 0, 0, 0}};
    const char *user = "", *password = "";
    for (int option; (option = getopt_long(count, words, "", known, NULL)) != -1;) {
        switch (option) {
        case 'u': user = optarg; break;
        case 'p': password = optarg; break;
        default: return 64;
        }
    }
    if (optind + 2 > count) return 64;

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[optind]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    line = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(line, (struct sockaddr *)&address, sizeof address)) fail("nobody listens there");
    setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char command[1200];
    say(command, (size_t)snprintf(command, sizeof command, "a LOGIN \"%s\" \"%s\"\r\n", user, password));
    answer("a");
    for (int at = optind + 1; at < count;) {
        say("b APPEND INBOX", 14);
        for (int sent = 0; sent < batch && at < count; sent++, at++) {
            size_t octets;
            const char *message = text(words[at], &octets);
            say(command, (size_t)snprintf(command, sizeof command, " (\\Seen) {%zu+}\r\n", octets));
            say(message, octets);
        }
        say("\r\n", 2);
        answer("b");
    }
    say("c LOGOUT\r\n", 10);
    answer("c");
    return 0;
}
