// SPDX-License-Identifier: GPL-2.0-only
#include "selftest.h"

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>
#include "compat.h"
#include "unit/unit-tests.h"
#include "unit/unit.h"

/* What runs at present, in a thread of its own. */
static const struct test_command *test;
static DECLARE_COMPLETION(test_end);
static bool test_passed;

/*
 * What tests need of their host: see unit.h
 */

char test_context[128];
u64 test_seed = 1;
u64 test_steps;

static u8 *edge;			/* Nothing is mapped behind its end. */

void test_fail(const char *file, int line, const char *format, ...)
{
	struct va_format why;
	va_list args;

	va_start(args, format);
	why.fmt = format;
	why.va = &args;
	pr_err("stt: self-test failed: %s, %s:%d: %pV%s%s\n", test->name,
	       kbasename(file), line, &why, *test_context ? ", at " : "",
	       test_context);
	va_end(args);
	/* It always is.  To objtool, a function that never returns is a mistake. */
	if (current->flags & PF_KTHREAD)
		kthread_complete_and_exit(&test_end, 0);
}

void test_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(test_context, sizeof(test_context), format, args);
	va_end(args);
}

void *test_alloc(size_t size)
{
	void *p = kvmalloc(size, GFP_KERNEL);

	CHECK(p);
	cond_resched();
	return p;
}

void test_free(void *p)
{
	kvfree(p);
}

void *test_at_edge(const void *p, size_t n)
{
	CHECK(n <= TEST_EDGE_MAX);
	cond_resched();
	return memcpy(edge + TEST_EDGE_MAX - n, p, n);
}

static int stt_compare(const void *a_, const void *b_)
{
	const u32 *a = a_, *b = b_;

	return *a < *b ? -1 : *a > *b;
}

void test_sort(u32 numbers[], size_t n)
{
	sort(numbers, n, sizeof(*numbers), stt_compare, NULL);
}

/*
 * All of them
 */

static int stt_run_test(void *unused)
{
	test->run();
	test_passed = true;
	kthread_complete_and_exit(&test_end, 0);
}

/* Returns 0 if all is well, -EINVAL if not, or another error. */
int stt_selftest(void)
{
	static const struct test_command tests[] = {
		UNIT_TESTS_OF_LIB(TEST_COMMAND)
		UNIT_TESTS_OF_REASSEMBLY(TEST_COMMAND)
		{ "frag-list", stt_test_frag_list },
		{ "sent-pairs", stt_test_sent_pairs },
		{ "sent-ids", stt_test_sent_ids },
	};
	unsigned int i, n_failed = 0;

	edge = vmalloc(TEST_EDGE_MAX);
	if (!edge)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		struct task_struct *thread;

		test = &tests[i];
		test_passed = false;
		*test_context = '\0';
		reinit_completion(&test_end);
		thread = kthread_create(stt_run_test, NULL, "stt-%s",
					test->name);
		if (IS_ERR(thread)) {
			vfree(edge);
			return PTR_ERR(thread);
		}
		/* Some look at what their CPU alone has. */
		kthread_bind(thread, raw_smp_processor_id());
		wake_up_process(thread);
		wait_for_completion(&test_end);
		n_failed += !test_passed;
	}
	vfree(edge);
	if (n_failed) {
		pr_err("stt: self-test failed: %u of %zu tests\n", n_failed,
		       ARRAY_SIZE(tests));
		return -EINVAL;
	}
	pr_info("stt: self-test passed: %zu tests\n", ARRAY_SIZE(tests));
	return 0;
}
