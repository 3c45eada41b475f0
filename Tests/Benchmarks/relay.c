// SPDX-License-Identifier: Apache-2.0
// relay PORT TARGET MILLISECONDS [OCTETS]: listens on 127.0.0.1:PORT and passes every connection on to 127.0.0.1:TARGET;
// each octet arrives so many milliseconds later, each way. A connection carries so many octets a second each way, if given;
// at most 64 MB are on their way.
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { piece = 64 << 10, pieces = 1024 };

static double delay, rate;
static int target_port;

struct way {
    int from, to;
    // A ring of what is on its way, with the time at which it arrives; an empty piece is the end.
    struct { double due; size_t count; char *octets; } ring[pieces];
    size_t first, last;
    // When the last octet left.
    double sent;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *arrive(void *argument) {
    struct way *way = argument;
    for (;;) {
        pthread_mutex_lock(&way->mutex);
        while (way->first == way->last) pthread_cond_wait(&way->changed, &way->mutex);
        size_t at = way->first % pieces;
        pthread_mutex_unlock(&way->mutex);
        double wait = way->ring[at].due - now();
        if (wait > 0) {
            struct timespec time = {(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)};
            nanosleep(&time, NULL);
        }
        size_t count = way->ring[at].count;
        char *octets = way->ring[at].octets;
        for (size_t sent = 0; sent < count;) {
            ssize_t done = send(way->to, octets + sent, count - sent, MSG_NOSIGNAL);
            if (done <= 0) { shutdown(way->from, SHUT_RD); break; }
            sent += (size_t)done;
        }
        free(octets);
        if (count == 0) {
            shutdown(way->to, SHUT_WR);
            return NULL;
        }
        pthread_mutex_lock(&way->mutex);
        way->first++;
        pthread_cond_broadcast(&way->changed);
        pthread_mutex_unlock(&way->mutex);
    }
}

static void *carry(void *argument) {
    struct way *way = argument;
    pthread_t thread;
    pthread_mutex_init(&way->mutex, NULL);
    pthread_cond_init(&way->changed, NULL);
    if (pthread_create(&thread, NULL, arrive, way)) exit(1);
    for (ssize_t got = 1; got > 0;) {
        char *octets = malloc(piece);
        if (!octets) exit(1);
        got = recv(way->from, octets, piece, 0);
        pthread_mutex_lock(&way->mutex);
        while (way->last - way->first == pieces) pthread_cond_wait(&way->changed, &way->mutex);
        size_t at = way->last % pieces;
        double sent = now();
        if (rate > 0) {
            sent = (way->sent > sent ? way->sent : sent) + (got > 0 ? (double)got : 0) / rate;
            way->sent = sent;
        }
        way->ring[at].due = sent + delay;
        way->ring[at].count = got > 0 ? (size_t)got : 0;
        way->ring[at].octets = octets;
        way->last++;
        pthread_cond_broadcast(&way->changed);
        pthread_mutex_unlock(&way->mutex);
    }
    pthread_join(thread, NULL);
    return NULL;
}

static void *serve(void *argument) {
    int client = (int)(long)argument, target = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target_port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct way *out = calloc(1, sizeof *out), *back = calloc(1, sizeof *back);
    if (out && back && !connect(target, (struct sockaddr *)&address, sizeof address)) {
        int on = 1;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(target, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        out->from = back->to = client;
        out->to = back->from = target;
        pthread_t thread;
        if (pthread_create(&thread, NULL, carry, out)) exit(1);
        carry(back);
        shutdown(client, SHUT_RDWR);
        pthread_join(thread, NULL);
    }
    free(out), free(back);
    close(client), close(target);
    return NULL;
}

int main(int count, char **words) {
    if (count != 4 && count != 5) return 64;
    target_port = atoi(words[2]);
    delay = atof(words[3]) / 1000;
    rate = count == 5 ? atof(words[4]) : 0;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128)) {
        perror("relay");
        return 1;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        pthread_t thread;
        if (client >= 0 && !pthread_create(&thread, NULL, serve, (void *)(long)client)) pthread_detach(thread);
    }
}
