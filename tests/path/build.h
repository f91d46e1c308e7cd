/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_BUILD_H
#define PATH_BUILD_H 1

/* Packets as a case describes them
 * ================================ */

#include "path/case.h"
#include "path/wire.h"

bool build(const struct path_case *, struct frame *, struct offload *);

#endif /* path/build.h */
