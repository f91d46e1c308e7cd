/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STT_INTEGER_H
#define STT_INTEGER_H 1

/* Integers in a port's options and in settings
 * =============================================
 *
 * Open vSwitch reads some of them leniently, and takes for a number what only
 * begins with one.  Here a value is an integer from its first character to its
 * last, or it is none. */

#include <stdbool.h>

bool stt_parse_integer(const char *s, int base, unsigned long long int max,
                       unsigned long long int *value);

#endif /* stt-integer.h */
