/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>
#include "internet-checksum.h"

#include <string.h>

/* Returns 'partial' with the 16-bit words of the 'size' bytes at 'data' added,
 * in the byte order of memory, and a last odd byte as if a 0 followed it.  The
 * sum differs from that of Open vSwitch by a multiple of 0xffff, and is 0 if
 * that one is. */
uint32_t
internet_checksum_add(uint32_t partial, const void *data_, size_t size)
{
    const char *data = data_;
    uint64_t sums[4] = { 0, 0, 0, 0 };
    uint64_t sum;

    /* Independent of each other, so that the CPU does several at a time. */
    for (; size >= 16; size -= 16, data += 16) {
        uint32_t words[4];

        memcpy(words, data, sizeof words);
        sums[0] += words[0];
        sums[1] += words[1];
        sums[2] += words[2];
        sums[3] += words[3];
    }
    sum = sums[0] + sums[1] + sums[2] + sums[3];
    while (size > 0) {
        size_t n = size > 1 ? 2 : 1;
        uint16_t word = 0;

        memcpy(&word, data, n);
        sum += word;
        data += n;
        size -= n;
    }
    /* 2**16 is 1 modulo 0xffff. */
    while (sum >> 16) {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    return partial + sum;
}
