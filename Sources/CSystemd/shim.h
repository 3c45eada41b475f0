// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

// memfd_create(2) and the seals of fcntl(2) are declared for _GNU_SOURCE alone, with which Swift's own view of
// the C library is not built.
int memfd_create(const char *name, unsigned int flags);
enum {
    mailmove_memfd_flags = 0x0001 | 0x0002,          // MFD_CLOEXEC | MFD_ALLOW_SEALING
    mailmove_add_seals = 1033,                       // F_ADD_SEALS
    mailmove_all_seals = 0x0001 | 0x0002 | 0x0004 | 0x0008, // F_SEAL_SEAL, _SHRINK, _GROW, _WRITE
};
