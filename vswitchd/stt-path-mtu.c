/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "stt-path-mtu.h"

#include "netdev.h"
#include "odp-netlink.h"
#include "openvswitch/shash.h"
#include "ovs-thread.h"
#include "packets.h"
#include "stt-header.h"
#include "util.h"

static struct ovs_mutex mutex = OVS_MUTEX_INITIALIZER;

/* A device that templates were made for. */
struct egress {
    int mtu;                    /* When OVS was last told to translate anew, or
                                 * else of the first template. */
    bool mixed;                 /* Is there a template with another one? */
};

/* These devices, by name, as "struct egress *".  A device's MTU can change more
 * than once until stt_path_mtu_changed() is called, and templates be made in
 * between, so that the last one known does not say which ones are in use. */
static struct shash egresses OVS_GUARDED_BY(mutex)
    = SHASH_INITIALIZER(&egresses);

static int
get_mtu(const struct netdev *netdev)
{
    int mtu;

    return netdev_get_mtu(netdev, &mtu) ? ETH_PAYLOAD_MAX : mtu;
}

/* Called when the template 'data' is complete and will leave through 'egress'.
 * If it is an STT template, stores the path MTU in it, which is 'egress''s
 * MTU. */
void
stt_set_path_mtu(struct ovs_action_push_tnl *data,
                 const struct netdev *egress)
{
    struct egress *known;
    int mtu;

    if (data->tnl_type != OVS_VPORT_TYPE_STT) {
        return;
    }

    ovs_mutex_lock(&mutex);
    mtu = get_mtu(egress);
    known = shash_find_data(&egresses, netdev_get_name(egress));
    if (!known) {
        known = xzalloc(sizeof *known);
        known->mtu = mtu;
        shash_add(&egresses, netdev_get_name(egress), known);
    } else if (known->mtu != mtu) {
        known->mixed = true;
    }
    ovs_mutex_unlock(&mutex);

    stt_template_set_path_mtu(data, MIN(MAX(mtu, 0), UINT16_MAX));
}

/* Called when something about 'netdev' has changed.  Returns true if that is
 * its MTU and there may be templates with the old one, so that flows must be
 * translated anew. */
bool
stt_path_mtu_changed(const struct netdev *netdev)
{
    bool changed = false;
    struct egress *known;

    ovs_mutex_lock(&mutex);
    known = shash_find_data(&egresses, netdev_get_name(netdev));
    if (known) {
        int mtu = get_mtu(netdev);

        changed = known->mixed || known->mtu != mtu;
        known->mtu = mtu;
        known->mixed = false;
    }
    ovs_mutex_unlock(&mutex);
    return changed;
}
