/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DUMP_MESSAGE_H
#define DUMP_MESSAGE_H 1

#include <stdlib.h>

#define PROGRAM "stt-dump"

__attribute__((format(printf, 1, 2)))
void complain(const char *format, ...);

#define FAIL(...)               \
    do {                        \
        complain(__VA_ARGS__);  \
        exit(EXIT_FAILURE);     \
    } while (0)

#endif /* dump-message.h */
