/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef STT_HASH_H
#define STT_HASH_H 1

/* A hash that a sender cannot aim
 * ===============================
 *
 * Whoever chooses addresses and frame ids must not be able to choose the hash
 * bucket as well.  This is SipHash-1-3 (Aumasson and Bernstein, "SipHash: a
 * fast short-input PRF", 2012) over whole 64-bit words. */

#include "stt-platform.h"

uint64_t stt_hash(const uint64_t seed[2], const uint64_t words[], size_t n);

#endif /* stt-hash.h */
