// SPDX-License-Identifier: Apache-2.0
// Calls that glibc declares under _GNU_SOURCE alone, which Swift's Glibc module does without.
#ifndef MAILMOVE_CLINUX_H
#define MAILMOVE_CLINUX_H

#include <spawn.h>
#include <sys/eventfd.h>
#include <linux/magic.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <sys/vfs.h>

/// renameat2(2).
int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags);
/// pipe2(2).
int pipe2(int ends[2], int flags);
/// syncfs(2).
int syncfs(int fd);
/// sync_file_range(2); `off64_t` is 64 bits wide everywhere.
int sync_file_range(int fd, long long offset, long long octets, unsigned int flags);

/// In the new program, no descriptor from `from` on (posix_spawn_file_actions_addclosefrom_np(3)).
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// The type of the file system that `fd` is on (`f_type` of statfs(2)); 0 where that cannot be told.
static inline unsigned long long file_system_type(int fd) {
    struct statfs answer;
    return fstatfs(fd, &answer) == 0 ? (unsigned long long)answer.f_type & 0xffffffffULL : 0;
}

/// Core dumps and other processes' eyes are kept off this one (PR_SET_DUMPABLE of prctl(2)).
static inline int forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// A descriptor that can be read once the process has ended (pidfd_open(2)); -1 where there is none.
static inline int pidfd(int process) { return (int)syscall(SYS_pidfd_open, process, 0); }

/// The calling thread's name, of up to 15 octets, as ps(1) and gdb show it (PR_SET_NAME of prctl(2)).
static inline int name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Long lines and bursts leave their memory to the system when they are done (mallopt(3)).
static inline void limit_heap(void) {
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_ARENA_MAX, 4);
}

enum {
    renameNoReplace = 1,       // RENAME_NOREPLACE
    syncFileRangeWrite = 2,    // SYNC_FILE_RANGE_WRITE
    openTemporary = 020000000  // __O_TMPFILE, the same on x86-64, arm64 and riscv64
};

#endif
