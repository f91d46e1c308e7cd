// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <net/rtnetlink.h>
#include "connection.h"
#include "device.h"
#include "held.h"
#include "limits.h"
#include "namespace.h"
#include "selftest.h"
#include "stt-link.h"
#include "transmit.h"

static int __init stt_init(void)
{
	int err;

	if (IS_ENABLED(STT_SELFTEST)) {
		err = stt_selftest();
		if (err)
			return err;
	}
	stt_transmit_init();
	if (IS_ENABLED(CONFIG_NF_CONNTRACK)) {
		err = stt_connection_init();
		if (err)
			return err;
	}
	err = stt_namespace_init();
	if (err)
		goto exit_connection;
	err = stt_held_init();
	if (err)
		goto exit_namespace;
	err = stt_limits_init();
	if (err)
		goto exit_held;
	err = stt_device_init();
	if (err)
		goto exit_limits;
	return 0;

exit_limits:
	stt_limits_exit();
exit_held:
	stt_held_exit();
exit_namespace:
	stt_namespace_exit();
exit_connection:
	if (IS_ENABLED(CONFIG_NF_CONNTRACK))
		stt_connection_exit();
	return err;
}

static void __exit stt_exit(void)
{
	stt_device_exit();
	stt_limits_exit();
	stt_held_exit();
	stt_namespace_exit();
	if (IS_ENABLED(CONFIG_NF_CONNTRACK))
		stt_connection_exit();
}

module_init(stt_init);
module_exit(stt_exit);

MODULE_DESCRIPTION("Stateless Transport Tunneling (STT)");
MODULE_LICENSE("GPL");
MODULE_VERSION(STT_PACKAGE_VERSION);
MODULE_ALIAS_RTNL_LINK(STT_LINK_KIND);
