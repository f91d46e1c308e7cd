// SPDX-License-Identifier: GPL-2.0-only
#include "limits.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <linux/user_namespace.h>
#include "compat.h"
#include "stt-budget.h"

enum { STT_MAX_SYSCTLS = 5 };

static unsigned long min_bytes = STT_MIN_BYTES;
static unsigned long max_bytes = STT_MAX_BYTES;
static unsigned int min_frames = STT_MIN_FRAMES;
static unsigned int max_frames = STT_MAX_FRAMES;
static unsigned int min_age = STT_MIN_AGE;
static unsigned int max_age = STT_MAX_AGE;

/*
 * Anybody may make namespaces, so their own limits bound nothing: the tables of
 * all of them take their bytes from here.
 */
static struct stt_budget budget;

/* The sysctl for it. */
static unsigned long total_bytes;

/*
 * Whether the owner of 'sn' is one whom the host trusts, and not anybody who
 * made a user namespace.
 */
static bool is_trusted(const struct stt_net *sn)
{
	return sn->net->user_ns == &init_user_ns;
}

static void read_limits(const struct stt_net *sn, struct stt_limits *limits)
{
	limits->bytes = sn->sysctls.bytes;
	limits->bytes_per_source = sn->sysctls.bytes_per_source;
	limits->frames = sn->sysctls.frames;
	limits->age = sn->sysctls.age;
}

/*
 * Makes 'reassembly' the table of 'sn'.  From here on, what is set in 'sn' holds
 * for it.
 */
void stt_limits_attach(struct stt_net *sn, struct stt_reassembly *reassembly)
{
	struct stt_limits limits;

	stt_reassembly_share_budget(reassembly, &budget, is_trusted(sn));
	mutex_lock(&sn->limits_lock);
	read_limits(sn, &limits);
	stt_reassembly_set_limits(reassembly, &limits);
	sn->reassembly = reassembly;
	mutex_unlock(&sn->limits_lock);
}

/*
 * Takes its table from 'sn', so that a sysctl which is written now does not meet
 * it, and returns it.
 */
struct stt_reassembly *stt_limits_detach(struct stt_net *sn)
{
	struct stt_reassembly *reassembly;

	mutex_lock(&sn->limits_lock);
	reassembly = sn->reassembly;
	sn->reassembly = NULL;
	mutex_unlock(&sn->limits_lock);
	return reassembly;
}

/* Reads or writes one sysctl and brings what is written into force. */
static int set_limit(stt_ctl_table *table, int write, void *buffer,
		     size_t *length, loff_t *position)
{
	struct stt_net *sn = table->extra2;
	struct ctl_table bounded = *table;
	struct stt_limits limits;
	int err;

	mutex_lock(&sn->limits_lock);
	if (table->maxlen == sizeof(unsigned long)) {
		bounded.extra1 = &min_bytes;
		bounded.extra2 = &max_bytes;
		err = proc_doulongvec_minmax(&bounded, write, buffer, length,
					     position);
	} else {
		bool age = table->data == &sn->sysctls.age;

		bounded.extra1 = age ? &min_age : &min_frames;
		bounded.extra2 = age ? &max_age : &max_frames;
		err = proc_douintvec_minmax(&bounded, write, buffer, length,
					    position);
	}
	if (!err && write && table->data == &total_bytes) {
		stt_budget_set_limit(&budget, total_bytes);
	} else if (!err && write && sn->reassembly) {
		read_limits(sn, &limits);
		stt_reassembly_set_limits(sn->reassembly, &limits);
	}
	mutex_unlock(&sn->limits_lock);
	return err;
}

static void init_entry(struct ctl_table *entry, struct stt_net *sn,
		       const char *name, void *data, int size)
{
	entry->procname = name;
	entry->data = data;
	entry->maxlen = size;
	/* The memory is everybody's: who owns only a namespace does not say how
	 * much of it that may take.
	 */
	entry->mode = is_trusted(sn) ? 0644 : 0444;
	entry->proc_handler = set_limit;
	entry->extra2 = sn;
}

/* Sets the limits of 'sn' to their defaults and registers the sysctls. */
int stt_limits_init(struct stt_net *sn)
{
	const struct stt_limits defaults = STT_DEFAULT_LIMITS;
	struct ctl_table *table;
	unsigned int n = 0;

	mutex_init(&sn->limits_lock);
	sn->sysctls.bytes = defaults.bytes;
	sn->sysctls.bytes_per_source = defaults.bytes_per_source;
	sn->sysctls.frames = defaults.frames;
	sn->sysctls.age = defaults.age;

	table = kcalloc(STT_MAX_SYSCTLS + 1, sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	init_entry(&table[n++], sn, "reassembly_bytes", &sn->sysctls.bytes,
		   sizeof(sn->sysctls.bytes));
	init_entry(&table[n++], sn, "reassembly_bytes_per_source",
		   &sn->sysctls.bytes_per_source,
		   sizeof(sn->sysctls.bytes_per_source));
	init_entry(&table[n++], sn, "reassembly_frames", &sn->sysctls.frames,
		   sizeof(sn->sysctls.frames));
	init_entry(&table[n++], sn, "reassembly_age", &sn->sysctls.age,
		   sizeof(sn->sysctls.age));
	if (net_eq(sn->net, &init_net))
		init_entry(&table[n++], sn, "reassembly_bytes_total",
			   &total_bytes, sizeof(total_bytes));

	sn->sysctl_table = table;
	sn->sysctl_header = stt_register_sysctl(sn->net, "net/stt", table, n);
	if (!sn->sysctl_header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

void stt_limits_exit(struct stt_net *sn)
{
	unregister_net_sysctl_table(sn->sysctl_header);
	kfree(sn->sysctl_table);
}

/*
 * Makes the budget that all namespaces share, before the first of them.  By
 * default four of them may reach their limits at once, as far as that leaves the
 * host most of its memory.
 */
void stt_limits_start(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	total_bytes = clamp_t(u64, (u64)info.totalram * info.mem_unit / 8,
			      STT_MIN_BYTES,
			      4 * STT_DEFAULT_BYTES_FOR(STT_PAGE_SIZE));
	stt_budget_init(&budget, total_bytes);
}

/* The opposite, after the last namespace. */
void stt_limits_stop(void)
{
	stt_budget_destroy(&budget);
}
