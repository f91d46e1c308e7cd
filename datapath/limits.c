// SPDX-License-Identifier: GPL-2.0-only
#include "limits.h"

#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include "compat.h"
#include "held.h"
#include "namespace.h"

enum { STT_MAX_SYSCTLS = 5 };

/* The values of a namespace's sysctls, in their types. */
struct stt_sysctls {
	struct net *net;
	unsigned long bytes;
	unsigned long bytes_per_source;
	unsigned int frames;
	unsigned int age;		/* Milliseconds. */
	struct ctl_table *table;
	struct ctl_table_header *header;
};

static unsigned int stt_sysctls_id __read_mostly;

/* Held while a value is read or written and what was written comes into force. */
static DEFINE_MUTEX(stt_sysctls_lock);

/* The value of the only one that is not a namespace's. */
static unsigned long stt_total_bytes;

static unsigned long stt_min_bytes = STT_MIN_BYTES;
static unsigned long stt_max_bytes = STT_MAX_BYTES;
static unsigned int stt_min_frames = STT_MIN_FRAMES;
static unsigned int stt_max_frames = STT_MAX_FRAMES;
static unsigned int stt_min_age = STT_MIN_AGE;
static unsigned int stt_max_age = STT_MAX_AGE;

/* Reads or writes one sysctl and brings what is written into force. */
static int stt_set_limit(stt_ctl_table *table, int write, void *buffer,
			 size_t *length, loff_t *position)
{
	struct stt_sysctls *sysctls = table->extra2;
	struct ctl_table bounded = *table;
	int err;

	mutex_lock(&stt_sysctls_lock);
	if (table->maxlen == sizeof(unsigned long)) {
		bounded.extra1 = &stt_min_bytes;
		bounded.extra2 = &stt_max_bytes;
		err = proc_doulongvec_minmax(&bounded, write, buffer, length,
					     position);
	} else {
		bool age = table->data == &sysctls->age;

		bounded.extra1 = age ? &stt_min_age : &stt_min_frames;
		bounded.extra2 = age ? &stt_max_age : &stt_max_frames;
		err = proc_douintvec_minmax(&bounded, write, buffer, length,
					    position);
	}
	if (!err && write && table->data == &stt_total_bytes) {
		stt_held_set_total(stt_total_bytes);
	} else if (!err && write) {
		const struct stt_limits limits = {
			.bytes = sysctls->bytes,
			.bytes_per_source = sysctls->bytes_per_source,
			.frames = sysctls->frames,
			.age = sysctls->age,
		};

		stt_held_set_limits(stt_net(sysctls->net), &limits);
	}
	mutex_unlock(&stt_sysctls_lock);
	return err;
}

static void stt_init_entry(struct ctl_table *entry, struct stt_sysctls *sysctls,
			   const char *name, void *data, int size)
{
	entry->procname = name;
	entry->data = data;
	entry->maxlen = size;
	/* The memory is everybody's: who owns only a namespace does not say how
	 * much of it that may take.
	 */
	entry->mode = stt_net_is_trusted(sysctls->net) ? 0644 : 0444;
	entry->proc_handler = stt_set_limit;
	entry->extra2 = sysctls;
}

static int __net_init stt_limits_init_net(struct net *net)
{
	struct stt_sysctls *sysctls = net_generic(net, stt_sysctls_id);
	const struct stt_limits *limits = &stt_net(net)->limits;
	struct ctl_table *table;
	unsigned int n = 0;

	sysctls->net = net;
	sysctls->bytes = limits->bytes;
	sysctls->bytes_per_source = limits->bytes_per_source;
	sysctls->frames = limits->frames;
	sysctls->age = limits->age;

	table = kcalloc(STT_MAX_SYSCTLS + 1, sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	stt_init_entry(&table[n++], sysctls, "reassembly_bytes",
		       &sysctls->bytes, sizeof(sysctls->bytes));
	stt_init_entry(&table[n++], sysctls, "reassembly_bytes_per_source",
		       &sysctls->bytes_per_source,
		       sizeof(sysctls->bytes_per_source));
	stt_init_entry(&table[n++], sysctls, "reassembly_frames",
		       &sysctls->frames, sizeof(sysctls->frames));
	stt_init_entry(&table[n++], sysctls, "reassembly_age",
		       &sysctls->age, sizeof(sysctls->age));
	if (net_eq(net, &init_net))
		stt_init_entry(&table[n++], sysctls, "reassembly_bytes_total",
			       &stt_total_bytes, sizeof(stt_total_bytes));

	sysctls->table = table;
	sysctls->header = stt_register_sysctl(net, "net/stt", table, n);
	if (!sysctls->header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

static void __net_exit stt_limits_exit_net(struct net *net)
{
	struct stt_sysctls *sysctls = net_generic(net, stt_sysctls_id);

	unregister_net_sysctl_table(sysctls->header);
	kfree(sysctls->table);
}

static struct pernet_operations stt_limits_net_ops = {
	.init = stt_limits_init_net,
	.exit = stt_limits_exit_net,
	.id = &stt_sysctls_id,
	.size = sizeof(struct stt_sysctls),
};

/* To be called after stt_held_init().  Returns 0 or a negative errno. */
int __init stt_limits_init(void)
{
	stt_total_bytes = stt_held_get_total();
	return register_pernet_subsys(&stt_limits_net_ops);
}

void stt_limits_exit(void)
{
	unregister_pernet_subsys(&stt_limits_net_ops);
}
