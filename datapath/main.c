// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <net/rtnetlink.h>
#include "connection.h"
#include "device.h"
#include "namespace.h"
#include "selftest.h"
#include "stt-link.h"
#include "transmit.h"

static int __init stt_init(void)
{
	int err;

	err = stt_selftest();
	if (err)
		return err;
	stt_transmit_init();
	err = stt_connection_init();
	if (err)
		return err;
	err = stt_namespace_init();
	if (err)
		goto exit_connection;
	err = stt_device_init();
	if (err)
		goto exit_namespace;
	return 0;

exit_namespace:
	stt_namespace_exit();
exit_connection:
	stt_connection_exit();
	return err;
}

static void __exit stt_exit(void)
{
	stt_device_exit();
	stt_namespace_exit();
	stt_connection_exit();
}

module_init(stt_init);
module_exit(stt_exit);

MODULE_DESCRIPTION("Stateless Transport Tunneling (STT)");
MODULE_LICENSE("GPL");
MODULE_VERSION(STT_PACKAGE_VERSION);
MODULE_ALIAS_RTNL_LINK(STT_LINK_KIND);
