// SPDX-License-Identifier: Apache-2.0
// reader [--tls] [--files DIR] [--list] [--user USER] [--password PASSWORD] PORT: the limit that mail movers are held
// against. A POP3 client of 127.0.0.1:PORT that asks for everything ahead of the answers, and keeps nothing; with
// --files it writes a file a message, unstuffed and with LF, and syncs none. It checks nothing that a mover must check.
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ahead = 2048 };

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
    int file = create(folder, number);
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
            write_all(file, output, count);
            count = 0;
        }
        memcpy(output + count, start, length);
        count += length;
        output[count++] = '\n';
    }
    write_all(file, output, count);
    finish(file);
}

int main(int count, char **words) {
    struct order wish = read_order(count, words);
    if (wish.countOfRest) return 64;
    dial(wish.port);
    hear();
    if (wish.withTLS) {
        ask("STLS", "");
        encrypt();
    }
    ask("USER", wish.user);
    ask("PASS", wish.password);
    int messages = atoi(ask("STAT", "") + 4);
    ask("UIDL", "");
    skip();
    if (wish.listOnly) messages = 0;
    for (int sent = 0, number = 1; number <= messages; number++) {
        if (sent < messages && sent - number < ahead / 2) {
            static char commands[ahead * 16];
            size_t length = 0;
            while (sent < messages && sent - number < ahead)
                length += (size_t)sprintf(commands + length, "RETR %d\r\n", ++sent);
            say(commands, length);
        }
        if (*hear() != '+') fail("a message was refused");
        if (wish.folder) keep(wish.folder, number); else skip();
    }
    ask("QUIT", "");
    return 0;
}
