/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-integer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* Parses 's' as an unsigned integer up to 'max' in 'base', or, if that is 0, in
 * the base that its prefix says, and stores it in '*value'.  Returns false if
 * it is none. */
bool
stt_parse_integer(const char *s, int base, unsigned long long int max,
                  unsigned long long int *value)
{
    char *end;

    if (!isdigit((unsigned char) s[0])) {
        /* No sign and no space, unlike strtoull(). */
        return false;
    }
    errno = 0;
    *value = strtoull(s, &end, base);
    return !errno && !*end && *value <= max;
}
