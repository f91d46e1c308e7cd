/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_JUDGE_H
#define PATH_JUDGE_H 1

/* What a case came to
 * ===================
 *
 * Whatever leaves is intact: finished by a reference network card and taken out
 * of its tunnels by a reference receiver it is one of the packets that the
 * sender's own kernel would have made without any offload, changed as the
 * actions say, each of them once.  Whatever does not leave is counted. */

#include "path/case.h"

enum verdict {
    VERDICT_INTACT,
    VERDICT_DROPPED,            /* Some or all, and counted. */
    VERDICT_UNJUDGED,           /* Nobody can say what should have been. */
    VERDICT_IMPOSSIBLE,         /* There is no such packet. */
    VERDICT_WRONG,
};

enum verdict judge_case(const struct path_case *, bool tso, char *why,
                        size_t why_size);
enum verdict judge_raw(const struct path_case *, const uint8_t *data,
                       size_t size, char *why, size_t why_size);

#endif /* path/judge.h */
