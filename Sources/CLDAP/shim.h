// SPDX-License-Identifier: Apache-2.0
// Types and constants alone: the library is loaded where it is configured.
#include <ldap.h>
