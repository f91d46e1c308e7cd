/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STT_NAMESPACE_H
#define STT_NAMESPACE_H

/*
 * What a network namespace has
 * ============================
 *
 * The devices whose outer packets are in it, and, while there is one at least,
 * the reassembly table and the netfilter hooks that bring segments.  Limits
 * are there always, so that they can be set before the first device.
 */

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include "stt-reassembly.h"

struct ctl_table;
struct ctl_table_header;
struct nf_hook_ops;
struct stt_device;
struct stt_input_routes;
struct stt_recently_sent;

/* The values of the sysctls, in their types. */
struct stt_sysctls {
	unsigned long bytes;
	unsigned long bytes_per_source;
	unsigned int frames;
	unsigned int age;		/* Milliseconds. */
};

struct stt_net {
	struct net *net;
	struct hlist_head devices;	/* Changed under RTNL, read under RCU. */
	/* If there are devices. */
	struct stt_reassembly *reassembly;
	struct stt_input_routes __percpu *input_routes;
	struct stt_recently_sent *recently_sent;
	struct nf_hook_ops *hooks;
	struct delayed_work expire;

	struct mutex limits_lock;	/* Keeps both of these and a change of
					 * the sysctls apart. */
	struct stt_sysctls sysctls;
	struct ctl_table *sysctl_table;
	struct ctl_table_header *sysctl_header;
};

struct stt_net *stt_net(const struct net *net);
struct stt_device *stt_net_find_device(const struct stt_net *sn, __be16 port);
int stt_net_add_device(struct stt_device *stt);
void stt_net_remove_device(struct stt_device *stt);
void stt_net_frame_held(struct stt_net *sn);
u64 stt_net_now(void);

int stt_namespace_init(void);
void stt_namespace_exit(void);

#endif /* namespace.h */
