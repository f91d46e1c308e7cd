/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVN_SERVICE_H
#define OVN_SERVICE_H 1

/* What made a service of Windows out of a program, and did nothing elsewhere.
 * Open vSwitch has it no more since 4.0, and OVN 26.03 still calls it. */

#include <stdbool.h>

static inline void
service_start(int *argcp, char ***argvp)
{
    (void) argcp;
    (void) argvp;
}

static inline void
service_stop(void)
{
}

static inline bool
should_service_stop(void)
{
    return false;
}

#endif /* ovn-service.h */
