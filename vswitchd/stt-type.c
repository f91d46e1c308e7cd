/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-type.h"

#include <netinet/in.h>
#include <string.h>

#include "netdev.h"

/* Returns true if 'type' is the type of STT ports. */
bool
stt_is_type(const char *type)
{
    return !strcmp(type, STT_TYPE);
}

/* Returns true if 'netdev' is an STT port. */
bool
stt_is_port(const struct netdev *netdev)
{
    return stt_is_type(netdev_get_type(netdev));
}

/* Returns the outer IP protocol of tunnel ports of 'type': TCP for STT,
 * otherwise 'other'. */
uint8_t
stt_get_ip_protocol(const char *type, uint8_t other)
{
    return stt_is_type(type) ? IPPROTO_TCP : other;
}
