// SPDX-License-Identifier: Apache-2.0
// syncs FOLDER [ROUNDS]: what it costs, in milliseconds, to make a batch of 200 messages of 4.7 KB and their folders
// durable on FOLDER's file system: in one folder and in sixteen, alone and beside a process that writes 64 MB/s there.
// All ways take turns; medians, and nine of ten below.
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { files = 200, octets = 4700, folders = 16, threads = 16, ways = 5 };

static const char *const names[ways] = {
    "syncfs", "fdatasync in turn", "fdatasync by 16 threads", "sync_file_range, then fdatasync", "io_uring",
};
static int root, folder[folders], file[files];
static struct io_uring ring;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static void write_batch(int width, int round) {
    static char text[octets];
    memset(text, 'x', sizeof text);
    for (int number = 0; number < files; number++) {
        char name[64];
        snprintf(name, sizeof name, "%d.%d", round, number);
        file[number] = openat(folder[number % width], name, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (file[number] < 0 || write(file[number], text, sizeof text) != sizeof text) fail(name);
    }
}

static void remove_batch(int width, int round) {
    for (int number = 0; number < files; number++) {
        char name[64];
        snprintf(name, sizeof name, "%d.%d", round, number);
        close(file[number]);
        unlinkat(folder[number % width], name, 0);
    }
}

static void sync_file(int descriptor) {
    if (fdatasync(descriptor) != 0) fail("fdatasync");
}

static void *sync_some(void *first) {
    for (long number = (long)first; number < files; number += threads) sync_file(file[number]);
    return NULL;
}

static void sync_folders(int width) {
    for (int number = 0; number < width; number++)
        if (fsync(folder[number]) != 0) fail("fsync");
}

static void sync_by(int way, int width) {
    pthread_t thread[threads];
    switch (way) {
    case 0:
        if (syncfs(root) != 0) fail("syncfs");
        return;
    case 1:
        for (int number = 0; number < files; number++) sync_file(file[number]);
        break;
    case 2:
        for (long number = 0; number < threads; number++) pthread_create(&thread[number], NULL, sync_some, (void *)number);
        for (int number = 0; number < threads; number++) pthread_join(thread[number], NULL);
        break;
    case 3:
        for (int number = 0; number < files; number++)
            if (sync_file_range(file[number], 0, 0, SYNC_FILE_RANGE_WRITE) != 0) fail("sync_file_range");
        for (int number = 0; number < files; number++) sync_file(file[number]);
        break;
    default:
        for (int number = 0; number < files; number++)
            io_uring_prep_fsync(io_uring_get_sqe(&ring), file[number], IORING_FSYNC_DATASYNC);
        if (io_uring_submit_and_wait(&ring, files) < 0) fail("io_uring");
        for (int number = 0; number < files; number++) {
            struct io_uring_cqe *done;
            if (io_uring_wait_cqe(&ring, &done) != 0 || done->res != 0) fail("io_uring");
            io_uring_cqe_seen(&ring, done);
        }
    }
    sync_folders(width);
}

// Writes the same 1 GB over and over, 1 MB at a time, and never syncs it: the kernel does.
static void write_on(void) {
    static char piece[1 << 20];
    int descriptor = openat(root, "other", O_WRONLY | O_CREAT, 0600);
    struct timespec pause = {0, 15625000};
    for (int number = 0;; number = (number + 1) % 1024) {
        if (pwrite(descriptor, piece, sizeof piece, (off_t)number << 20) < 0) fail("other");
        nanosleep(&pause, NULL);
    }
}

static int by_value(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

static void measure(int width, int rounds, const char *beside) {
    double *took[ways];
    for (int way = 0; way < ways; way++) took[way] = calloc((size_t)rounds, sizeof(double));
    for (int round = 0; round < rounds; round++) {
        for (int turn = 0; turn < ways; turn++) {
            int way = (round + turn) % ways;
            write_batch(width, round);
            double start = now();
            sync_by(way, width);
            took[way][round] = now() - start;
            remove_batch(width, round);
        }
    }
    for (int way = 0; way < ways; way++) {
        qsort(took[way], (size_t)rounds, sizeof(double), by_value);
        printf("| %d | %s | %s | %.1f | %.1f |\n", width, beside, names[way], took[way][rounds / 2],
            took[way][rounds * 9 / 10]);
        free(took[way]);
    }
    fflush(stdout);
}

int main(int count, char **arguments) {
    int rounds = count > 2 ? atoi(arguments[2]) : 20;
    if (count < 2 || rounds < 1) {
        fputs("usage: syncs FOLDER [ROUNDS]\n", stderr);
        return 64;
    }
    if (chdir(arguments[1]) != 0 || (root = open(".", O_RDONLY | O_DIRECTORY)) < 0) fail(arguments[1]);
    if (io_uring_queue_init(256, &ring, 0) != 0) fail("io_uring");
    for (int number = 0; number < folders; number++) {
        char name[16];
        snprintf(name, sizeof name, "folder%d", number);
        mkdir(name, 0700);
        if ((folder[number] = open(name, O_RDONLY | O_DIRECTORY)) < 0) fail(name);
    }
    puts("| folders | beside it | way | median | 9 of 10 |\n| --- | --- | --- | --- | --- |");
    for (int noisy = 0; noisy < 2; noisy++) {
        pid_t writer = noisy ? fork() : 0;
        if (noisy && writer == 0) write_on();
        if (noisy) sleep(5);
        for (int width = 1; width <= folders; width *= folders) measure(width, rounds, noisy ? "a writer" : "nothing");
        if (noisy) {
            kill(writer, SIGKILL);
            waitpid(writer, NULL, 0);
        }
    }
    unlinkat(root, "other", 0);
    for (int number = 0; number < folders; number++) {
        char name[16];
        snprintf(name, sizeof name, "folder%d", number);
        rmdir(name);
    }
    return 0;
}
