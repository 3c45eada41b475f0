// SPDX-License-Identifier: Apache-2.0
// imap-reader [--files DIR] [--list] --user USER --password PASSWORD PORT: the limit that movers by IMAP are held
// against. An IMAP client of 127.0.0.1:PORT that asks for all messages of all folders ahead of the answers, and keeps
// nothing; with --files it writes a file a message, with LF, and syncs none; with --list it only lists their UIDs and
// flags. It checks nothing that a mover must check.
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most = 1000 };

// How long a literal follows this line; -1 for none.
static long literal(const char *text) {
    const char *open = strrchr(text, '{');
    return open && text[strlen(text) - 1] == '}' ? atol(open + 1) : -1;
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
            int file = folder ? create(folder, number++) : -1;
            take(count, file);
            if (file >= 0) finish(file);
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
    struct order wish = read_order(count, words);
    if (wish.countOfRest || wish.withTLS) return 64;
    dial(wish.port);
    hear();
    char command[1200];
    snprintf(
        command, sizeof command, "a LOGIN \"%s\" \"%s\"\r\nb LIST \"\" \"*\"\r\n", wish.user, wish.password);
    say_text(command);
    answers("a", NULL, NULL);
    answers("b", note, NULL);
    for (int number = 0; number < folders; number++) {
        snprintf(
            command, sizeof command, "c EXAMINE %s\r\nd UID FETCH 1:* %s\r\n", names[number],
            wish.listOnly ? "(UID FLAGS)" : "(UID FLAGS INTERNALDATE BODY.PEEK[])");
        say_text(command);
    }
    for (int number = 0; number < folders; number++) {
        answers("c", NULL, NULL);
        answers("d", NULL, wish.folder);
    }
    say_text("e LOGOUT\r\n");
    answers("e", NULL, NULL);
    return 0;
}
