/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "dump-message.h"

#include <stdarg.h>
#include <stdio.h>

/* Prints a message, which is one line without its end, to standard error. */
void
complain(const char *format, ...)
{
    va_list args;

    fputs(PROGRAM ": ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    putc('\n', stderr);
}
