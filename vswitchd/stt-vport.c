/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-vport.h"

#include "netdev.h"
#include "netdev-provider.h"
#include "packet-memory.h"
#include "packet-socket.h"
#include "stt-header.h"
#include "stt-held.h"
#include "stt-show.h"
#include "stt-type.h"

/* For the sending side of a pair of patch ports, returns a new reference to
 * 'netdev' to count what it sends, which the caller must close.  An STT port
 * stands there when its packets go on to the bridge they leave through, with
 * the tunnel's headers: it has counted them before, and returns NULL. */
struct netdev *
stt_ref_counted(const struct netdev *netdev)
{
    return stt_is_port(netdev) ? NULL : netdev_ref(netdev);
}

/* Makes 'class', a copy of another tunnel type's, the class of STT ports.  It
 * has no callbacks to push and pop single packets: see stt_push_batch() and
 * stt_pop_batch(). */
void
stt_init_class(struct netdev_class *class)
{
    class->type = STT_TYPE;
    class->build_header = stt_build_header;
    class->push_header = NULL;
    class->pop_header = NULL;
}

/* Called once, when the tunnel port types are registered. */
void
stt_register(void)
{
    packet_memory_init();
    stt_held_init();
    stt_show_register();
}

/* Periodic work of the main thread, of which Open vSwitch has each class of
 * tunnel ports do its own: does STT's if 'class' is STT's. */
void
stt_run(const struct netdev_class *class)
{
    if (stt_is_type(class->type)) {
        stt_held_run();
        packet_socket_run();
    }
}

/* Wakes the main thread up for stt_run(). */
void
stt_wait(const struct netdev_class *class)
{
    if (stt_is_type(class->type)) {
        stt_held_wait();
        packet_socket_wait();
    }
}
