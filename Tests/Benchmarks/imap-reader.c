// SPDX-License-Identifier: Apache-2.0
// imap-reader [--files DIR] [--list] --user USER --password PASSWORD PORT: the limit that movers by IMAP are held
// against. An IMAP client of 127.0.0.1:PORT that asks for all messages of all folders ahead of the answers, and keeps
// nothing; with --files it writes a file a message, with LF, and syncs none; with --list it only lists their UIDs and
// flags. It checks nothing that a mover must check.
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { room = 1 << 20, most = 1000 };

static int line = -1;
static char input[room];
static size_t from, until;

static void fail(const char *what) {
    fprintf(stderr, "imap-reader: %s\n", what);
    exit(1);
}

static void say(const char *text) {
    for (size_t count = strlen(text); count > 0;) {
        ssize_t sent = write(line, text, count);
        if (sent <= 0) fail("the line broke");
        text += sent, count -= (size_t)sent;
    }
}

static void more(void) {
    if (from > 0) memmove(input, input + from, until - from);
    until -= from, from = 0;
    if (until == room) fail("a line is too long");
    ssize_t got = read(line, input + until, room - until);
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

// How long a literal follows this line; -1 for none.
static long literal(const char *text) {
    const char *open = strrchr(text, '{');
    return open && text[strlen(text) - 1] == '}' ? atol(open + 1) : -1;
}

static void write_all(int file, const char *octets, size_t count) {
    if (write(file, octets, count) != (ssize_t)count) fail("a file cannot be written");
}

// Passes over so many octets, or writes them with LF.
static void take(long count, int file) {
    static char output[room];
    while (count > 0) {
        if (from == until) more();
        size_t piece = until - from < (size_t)count ? until - from : (size_t)count;
        if (file >= 0) {
            size_t length = 0;
            for (char *at = input + from, *end = at + piece; at < end;) {
                char *stop = memchr(at, '\r', (size_t)(end - at));
                size_t run = (size_t)((stop ? stop : end) - at);
                memcpy(output + length, at, run);
                length += run, at += run + (stop != NULL);
            }
            write_all(file, output, length);
        }
        from += piece, count -= (long)piece;
    }
}

// Until the answer to the command with this tag.
static void answers(const char *tag, void (*each)(const char *), const char *folder) {
    static int number;
    for (;;) {
        const char *text = hear();
        if (!strncmp(text, tag, strlen(tag)) && text[strlen(tag)] == ' ') {
            if (strncmp(text + strlen(tag) + 1, "OK", 2)) fail(text);
            return;
        }
        if (each) each(text);
        for (long count; (count = literal(text)) >= 0; text = hear()) {
            int file = -1;
            if (folder) {
                char path[4096];
                snprintf(path, sizeof path, "%s/%d", folder, number++);
                if ((file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0) fail(path);
            }
            take(count, file);
            if (file >= 0 && close(file)) fail("a file cannot be closed");
        }
    }
}

static char names[most][512];
static int folders;

// * LIST (\HasNoChildren) "." NAME
static void note(const char *text) {
    const char *end = strchr(text, ')');
    if (strncmp(text, "* LIST", 6) || !end || folders == most) return;
    const char *name = strchr(end + 2, ' ');
    if (name) snprintf(names[folders++], sizeof names[0], "%s", name + 1);
}

int main(int count, char **words) {
    static const struct option known[] = {
        {"files", required_argument, 0, 'f'}, {"list", no_argument, 0, 'l'}, {"user", required_argument, 0, 'u'},
        {"password", required_argument, 0, 'p'}, {0, 0, 0, 0}};
    const char *folder = NULL, *user = "", *password = "";
    int listOnly = 0;
    for (int option; (option = getopt_long(count, words, "", known, NULL)) != -1;) {
        switch (option) {
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
    char command[1200];
    snprintf(command, sizeof command, "a LOGIN \"%s\" \"%s\"\r\nb LIST \"\" \"*\"\r\n", user, password);
    say(command);
    answers("a", NULL, NULL);
    answers("b", note, NULL);
    for (int number = 0; number < folders; number++) {
        snprintf(
            command, sizeof command, "c EXAMINE %s\r\nd UID FETCH 1:* %s\r\n", names[number],
            listOnly ? "(UID FLAGS)" : "(UID FLAGS INTERNALDATE BODY.PEEK[])");
        say(command);
    }
    for (int number = 0; number < folders; number++) {
        answers("c", NULL, NULL);
        answers("d", NULL, folder);
    }
    say("e LOGOUT\r\n");
    answers("e", NULL, NULL);
    return 0;
}
