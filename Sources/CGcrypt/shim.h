// SPDX-License-Identifier: Apache-2.0
#include <gcrypt.h>

// gcry_control takes a variable number of arguments, which Swift does not import. Secure memory is not used: passwords
// stay where they are. May be repeated; false where the library is too old.
static inline int mailmove_gcrypt_begin(void) {
    if (!gcry_check_version("1.8.0")) return 0;
    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
        gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
    return 1;
}
