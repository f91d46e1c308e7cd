/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_PLATFORM_H
#define STT_PLATFORM_H 1

/* What the protocol library needs from its host
 * =============================================
 *
 * lib/ is compiled unchanged into a kernel module and into userspace programs.
 * Everything that differs between the two is here: integer types, memory
 * primitives, unaligned big-endian access, a lock, a shared counter and
 * memory.  The clock and random numbers come in as arguments instead, because
 * only the caller knows which ones are meant. */

/* Bytes between two variables after which no cache has both in one line, nor
 * fetches the one with the other. */
#define STT_CACHE_LINE 128

/* Which lock a function must be called with, for clang's -Wthread-safety in
 * userspace.  In C it does not know the locks of a structure's members. */
#if defined __clang__ && !defined __KERNEL__
#define STT_CAPABILITY __attribute__((capability("lock")))
#define STT_REQUIRES(LOCK) __attribute__((requires_capability(LOCK)))
#define STT_ACQUIRES(LOCK) \
    __attribute__((acquire_capability(LOCK), no_thread_safety_analysis))
#define STT_RELEASES(LOCK) \
    __attribute__((release_capability(LOCK), no_thread_safety_analysis))
#else
#define STT_CAPABILITY
#define STT_REQUIRES(LOCK)
#define STT_ACQUIRES(LOCK)
#define STT_RELEASES(LOCK)
#endif

#ifdef __KERNEL__

/* Parts of a list that only the kernel, or only userspace has. */
#define STT_IN_KERNEL(...) __VA_ARGS__
#define STT_IN_USERSPACE(...)

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#define stt_get_be16(p) get_unaligned_be16(p)
#define stt_get_be32(p) get_unaligned_be32(p)
#define stt_get_be64(p) get_unaligned_be64(p)
#define stt_put_be16(p, v) put_unaligned_be16(v, p)
#define stt_put_be32(p, v) put_unaligned_be32(v, p)
#define stt_put_be64(p, v) put_unaligned_be64(v, p)

/* Reads or writes a variable that other threads access without a lock. */
#define STT_READ_SHARED(x) READ_ONCE(x)
#define STT_WRITE_SHARED(x, v) WRITE_ONCE(x, v)

/* What a packet takes at least if its driver gives it a buffer of its own. */
#define STT_PAGE_SIZE PAGE_SIZE

typedef spinlock_t stt_lock_t;

/* Not a function: lockdep takes all locks that one line initializes for locks of
 * one kind, of which a thread may hold only one. */
#define stt_lock_init(LOCK) spin_lock_init(LOCK)

static inline void
stt_lock_destroy(stt_lock_t *lock)
{
    (void) lock;
}

static inline void
stt_lock(stt_lock_t *lock)
{
    spin_lock_bh(lock);
}

static inline void
stt_unlock(stt_lock_t *lock)
{
    spin_unlock_bh(lock);
}

typedef atomic64_t stt_counter_t;

static inline uint64_t
stt_counter_read(const stt_counter_t *counter)
{
    return atomic64_read(counter);
}

static inline uint64_t
stt_counter_add(stt_counter_t *counter, int64_t amount)
{
    return atomic64_add_return(amount, counter);
}

/* Memory, zeroed.  Returns NULL when there is none. */
static inline void *
stt_zalloc(size_t size)
{
    return kzalloc(size, GFP_ATOMIC | __GFP_NOWARN);
}

static inline void
stt_free(void *p)
{
    kfree(p);
}

/* Memory for a table that is made once, zeroed, possibly large. */
static inline void *
stt_zalloc_table(size_t size)
{
    return kvzalloc(size, GFP_KERNEL);
}

static inline void
stt_free_table(void *p)
{
    kvfree(p);
}

#else /* !__KERNEL__ */

#define STT_IN_KERNEL(...)
#define STT_IN_USERSPACE(...) __VA_ARGS__

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline uint16_t
stt_get_be16(const void *p_)
{
    const uint8_t *p = p_;

    return p[0] << 8 | p[1];
}

static inline uint32_t
stt_get_be32(const void *p_)
{
    const uint8_t *p = p_;

    return (uint32_t) stt_get_be16(p) << 16 | stt_get_be16(p + 2);
}

static inline uint64_t
stt_get_be64(const void *p_)
{
    const uint8_t *p = p_;

    return (uint64_t) stt_get_be32(p) << 32 | stt_get_be32(p + 4);
}

static inline void
stt_put_be16(void *p_, uint16_t v)
{
    uint8_t *p = p_;

    p[0] = v >> 8;
    p[1] = v;
}

static inline void
stt_put_be32(void *p_, uint32_t v)
{
    uint8_t *p = p_;

    stt_put_be16(p, v >> 16);
    stt_put_be16(p + 2, v);
}

static inline void
stt_put_be64(void *p_, uint64_t v)
{
    uint8_t *p = p_;

    stt_put_be32(p, v >> 32);
    stt_put_be32(p + 4, v);
}

/* Reads or writes a variable that other threads access without a lock. */
#define STT_READ_SHARED(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define STT_WRITE_SHARED(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)

/* Buffers are as large as the packets in them, whatever a page is: the same as
 * with the smallest ones. */
#define STT_PAGE_SIZE 4096

typedef struct STT_CAPABILITY {
    pthread_mutex_t mutex;
} stt_lock_t;

static inline void
stt_lock_init(stt_lock_t *lock)
{
    pthread_mutex_init(&lock->mutex, NULL);
}

static inline void
stt_lock_destroy(stt_lock_t *lock)
{
    pthread_mutex_destroy(&lock->mutex);
}

static inline void
stt_lock(stt_lock_t *lock)
    STT_ACQUIRES(lock)
{
    pthread_mutex_lock(&lock->mutex);
}

static inline void
stt_unlock(stt_lock_t *lock)
    STT_RELEASES(lock)
{
    pthread_mutex_unlock(&lock->mutex);
}

/* All threads see accesses to counters, and to other atomic variables that are
 * sequentially consistent, in one order.  (In the kernel that is so for adding,
 * while reading needs a barrier for it.) */
typedef uint64_t stt_counter_t;

static inline uint64_t
stt_counter_read(const stt_counter_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

/* Adds 'amount', which may be negative, and returns the new value. */
static inline uint64_t
stt_counter_add(stt_counter_t *counter, int64_t amount)
{
    return __atomic_add_fetch(counter, amount, __ATOMIC_SEQ_CST);
}

/* Memory, zeroed.  Returns NULL when there is none. */
static inline void *
stt_zalloc(size_t size)
{
    return calloc(1, size);
}

static inline void
stt_free(void *p)
{
    free(p);
}

/* Memory for a table that is made once, zeroed, possibly large. */
static inline void *
stt_zalloc_table(size_t size)
{
    return calloc(1, size);
}

static inline void
stt_free_table(void *p)
{
    free(p);
}

#endif /* !__KERNEL__ */

#endif /* stt-platform.h */
