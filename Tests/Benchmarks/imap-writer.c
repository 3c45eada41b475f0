// SPDX-License-Identifier: Apache-2.0
// imap-writer --user USER --password PASSWORD PORT FILE…: the limit that moves into IMAP are held against. An IMAP
// client of 127.0.0.1:PORT that appends the files, with CRLF, to the inbox: 200 in a command (MULTIAPPEND, RFC 3502),
// without waiting for the server's leave (LITERAL+), but for its answer before the next. What a mover must know of the
// messages, it does not look at.
#include "client.h"

#include <stdio.h>
#include <string.h>

enum { batch = 200, largest = 4 << 20 };

// Until the answer to the command with this tag.
static void answer(const char *tag) {
    for (;;) {
        const char *text = hear();
        if (strncmp(text, tag, strlen(tag)) || text[strlen(tag)] != ' ') continue;
        if (strncmp(text + strlen(tag) + 1, "OK", 2)) fail(text);
        return;
    }
}

// A file with CRLF; good until the next call.
static const char *text(const char *path, size_t *count) {
    static char raw[largest], sent[2 * largest];
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    size_t length = fread(raw, 1, sizeof raw, file);
    fclose(file);
    *count = 0;
    for (size_t at = 0; at < length; at++) {
        if (raw[at] == '\n') sent[(*count)++] = '\r';
        sent[(*count)++] = raw[at];
    }
    return sent;
}

int main(int count, char **words) {
    struct order wish = read_order(count, words);
    if (!wish.countOfRest || wish.withTLS) return 64;
    dial(wish.port);
    char command[1200];
    snprintf(command, sizeof command, "a LOGIN \"%s\" \"%s\"\r\n", wish.user, wish.password);
    say_text(command);
    answer("a");
    for (int at = 0; at < wish.countOfRest;) {
        say_text("b APPEND INBOX");
        for (int sent = 0; sent < batch && at < wish.countOfRest; sent++, at++) {
            size_t octets;
            const char *message = text(wish.rest[at], &octets);
            say(command, (size_t)snprintf(command, sizeof command, " (\\Seen) {%zu+}\r\n", octets));
            say(message, octets);
        }
        say_text("\r\n");
        answer("b");
    }
    say_text("c LOGOUT\r\n");
    answer("c");
    return 0;
}
