/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PATH_DEVICE_H
#define PATH_DEVICE_H 1

/* Devices with a test behind them
 * ===============================
 *
 * Open vSwitch's own code for tap devices and packet sockets, with this program
 * in the place of the kernel; and network cards with offloads, of a class of
 * their own.  What is put into a device is received from it in the next
 * dpif_run(); what is sent on one is handed to a function. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "path/wire.h"

struct netdev;

#define TAP_NAME "path-tap"
#define SOCKET_NAME "path-socket"

/* Called for each packet that is sent on the device 'name': 'size' bytes at
 * 'data', and what is left to the device to do. */
typedef void device_sent(const char *name, const uint8_t *data, size_t size,
                         const struct offload *);
/* Called when a network card is given a packet whose offload state it cannot
 * make sense of, for the reason 'what'. */
typedef void device_refused(const char *name, const char *what);

void device_set_callbacks(device_sent *, device_refused *);

void tap_put(const struct frame *, const struct offload *);
void socket_put(const struct frame *, const struct offload *, bool tagged,
                uint16_t tci);
void linux_device_prepare(struct netdev *);
uint64_t linux_device_drops(const struct netdev *);

/* Network cards: their names say what they can do. */
#define NIC_TYPE "path-nic"
#define NIC_NAME "path-nic"
#define NIC_CHECKSUM_NAME "path-nic-c"
#define NIC_TSO_NAME "path-nic-t"
#define NIC_TUNNEL_NAME "path-nic-u"
#define NIC_OUTER_NAME "path-nic-o"

void nic_register(device_sent *, device_refused *);
void nic_put(const struct frame *);
bool nic_is_waiting(void);

#endif /* path/device.h */
