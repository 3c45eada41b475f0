// SPDX-License-Identifier: Apache-2.0
#include <ares.h>
#include <netdb.h>
// Not in the Glibc that Swift sees.
#include <sys/eventfd.h>
