/* SPDX-License-Identifier: Apache-2.0 */

/* Fuzz target for stt-dump's way from a captured packet to a line.  The input
 * is a byte for link type and options, and packets: for each its captured
 * length, in two bytes, how much longer it was, a time step in units of 100
 * milliseconds, and its contents.
 *
 * Every packet must end in exactly one of the counters that are for all. */

#include <pcap/dlt.h>

#include "dump-packet.h"
#include "dump-summary.h"
#include "stt-frame.h"
#include "stt-reassembly.h"
#include "stt-test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORD_HEADER_LEN = 4 };

static uint64_t n_inner;

static void
take_inner(void *aux, const struct timespec *when, const uint8_t *packet,
           uint32_t captured, uint32_t length)
{
    uint8_t *copy = test_copy(packet, captured);

    CHECK(aux == &n_inner);
    CHECK(when->tv_nsec < 1000000000);
    CHECK(captured <= length);
    CHECK(length <= STT_MAX_FRAME_LEN - STT_FRAME_HEADER_LEN + 4);
    free(copy);
    n_inner++;
}

static void
print_inner(void *aux, const uint8_t *packet, uint32_t captured,
            uint32_t length)
{
    uint8_t *copy = test_copy(packet, captured);

    CHECK(aux == &n_inner);
    CHECK(captured <= length);
    CHECK(length <= STT_MAX_FRAME_LEN - STT_FRAME_HEADER_LEN);
    free(copy);
}

static void
take_warning(void *aux, uint64_t number, const char *message)
{
    CHECK(aux == &n_inner);
    CHECK(number > 0);
    CHECK(*message);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int link_types[] = {
        DLT_EN10MB, DLT_LINUX_SLL, 276, DLT_RAW, DLT_NULL, DLT_LOOP, DLT_IPV4,
        DLT_IPV6,
    };
    static const uint64_t seed[2] = { 1, 2 };
    static const struct dump_calls calls = {
        take_inner, print_inner, take_warning
    };
    static FILE *null;
    struct dump_options options = {
        .ports = { 7471 },
        .n_ports = 1,
        .age = 1000,
        .print = true,
    };
    struct dump_record record = { .when.tv_sec = 1700000000 };
    struct summary_totals *totals;
    struct dump *dump;
    uint64_t n_stt = 0;

    if (!size) {
        return 0;
    }
    if (!null) {
        null = fopen("/dev/null", "w");
        CHECK(null);
    }
    options.link_type = link_types[data[0] & 7];
    options.verbose = data[0] & 8;
    options.link_header = options.number = data[0] & 16;
    options.check_checksums = data[0] & 32;
    options.time = (data[0] >> 6) * 2 % 6;
    data++;
    size--;

    n_inner = 0;
    dump = dump_create(&options, seed, null, &calls, &n_inner);
    CHECK(dump);
    while (size >= RECORD_HEADER_LEN) {
        uint32_t captured = data[0] << 8 | data[1];
        uint8_t *copy;

        record.number++;
        record.when.tv_sec += data[3] / 10;
        record.when.tv_nsec = data[3] % 10 * 100000000;
        if (captured > size - RECORD_HEADER_LEN) {
            captured = size - RECORD_HEADER_LEN;
        }
        record.length = captured + data[2];
        record.captured = captured;
        /* AddressSanitizer knows where this ends. */
        copy = test_copy(data + RECORD_HEADER_LEN, captured);
        record.data = copy;
        n_stt += dump_packet(dump, &record);
        free(copy);
        data += RECORD_HEADER_LEN + captured;
        size -= RECORD_HEADER_LEN + captured;
    }

    totals = summary_totals(dump_finish(dump));
    CHECK(!ferror(null));
    CHECK_EQ(totals->read, record.number);
    CHECK_EQ(totals->read, n_stt + totals->other);
    CHECK(n_inner <= n_stt);
    dump_destroy(dump);
    return 0;
}
