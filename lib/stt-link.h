/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_LINK_H
#define STT_LINK_H 1

/* The Linux network device of kind "stt", as rtnetlink sees it
 * =============================================================
 *
 * What the kernel module and whoever creates its devices must agree on: the
 * attributes in IFLA_INFO_DATA. */

#define STT_LINK_KIND "stt"

enum {
    IFLA_STT_UNSPEC,
    IFLA_STT_PORT,              /* Destination port, 16 bits, big endian.
                                 * STT_DEFAULT_PORT if missing. */
    __IFLA_STT_MAX
};
#define IFLA_STT_MAX (__IFLA_STT_MAX - 1)

#endif /* stt-link.h */
