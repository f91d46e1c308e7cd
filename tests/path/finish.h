/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_FINISH_H
#define PATH_FINISH_H 1

/* A reference network card
 * ========================
 *
 * Does to a packet what its offload says, as the kernel of a sender would have
 * done without any: cuts it into pieces, and completes their checksums. */

#include "path/wire.h"

bool finish(const uint8_t *data, size_t size, enum layer_type first,
            const struct offload *, struct frames *out);

#endif /* path/finish.h */
