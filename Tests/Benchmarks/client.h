// SPDX-License-Identifier: Apache-2.0
// What the benchmarks' mail clients have in common: one connection to 127.0.0.1, its lines, and files for messages. Each
// ends the program when something fails.
#ifndef CLIENT_H
#define CLIENT_H

#include <stddef.h>

// What has come and was not taken yet, from `from` up to `until`.
enum { room = 1 << 20 };
extern char input[room];
extern size_t from, until;

// As the command line tells; messages go into the folder, if there is one.
struct order {
    const char *folder, *user, *password;
    int withTLS, listOnly, port;
    // What follows the port.
    int countOfRest;
    char **rest;
};

_Noreturn void fail(const char *what);
// Exits with 64 unless the words are [--tls] [--files DIR] [--list] [--user USER] [--password PASSWORD] PORT [REST…].
struct order read_order(int count, char **words);
void dial(int port);
void encrypt(void);
void say(const char *octets, size_t count);
void say_text(const char *text);
// Reads more behind what is there.
void more(void);
// A line without its CRLF, good until the next call.
char *hear(void);
// A new file of the folder.
int create(const char *folder, int number);
void write_all(int file, const char *octets, size_t count);
void finish(int file);

#endif
