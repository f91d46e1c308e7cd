/* SPDX-License-Identifier: Apache-2.0 */
#include "dump-resync.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PCAP_RECORD_HEADER_LEN = 16,
    MAX_CAPTURED = 262144,      /* libpcap's own limit. */
    PCAPNG_OLD_PACKET_BLOCK = 2,
    PCAPNG_SIMPLE_PACKET_BLOCK = 3,
    PCAPNG_PACKET_BLOCK = 6,
    PCAPNG_MIN_BLOCK_LEN = 32,
    CONFIRMATIONS = 2,          /* Records that must follow a good one. */
    WINDOW = 65536,
    ONE_DAY = 24 * 60 * 60,
};

struct file {
    int fd;
    bool pcapng;
    bool big_endian;
    uint32_t max_fraction;      /* Of the time of a record. */
    const struct timespec *last;    /* Time of the last good packet. */
    off_t end;
};

static bool
read_at(const struct file *file, off_t offset, void *buffer, size_t n)
{
    return pread(file->fd, buffer, n, offset) == (ssize_t) n;
}

static uint32_t
get_u32(const struct file *file, const uint8_t *p)
{
    return (file->big_endian
            ? (uint32_t) p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3]
            : (uint32_t) p[3] << 24 | p[2] << 16 | p[1] << 8 | p[0]);
}

/* Finds out what kind of file it is.  Returns false for others than pcap and
 * pcapng, and for what is no regular file. */
static bool
recognize(struct file *file)
{
    uint8_t header[12];
    struct stat status;
    uint32_t magic;

    if (fstat(file->fd, &status) || !S_ISREG(status.st_mode)
        || !read_at(file, 0, header, sizeof header)) {
        return false;
    }
    file->end = status.st_size;
    file->pcapng = !memcmp(header, "\x0a\x0d\x0d\x0a", 4);
    file->big_endian = false;
    magic = get_u32(file, header + (file->pcapng ? 8 : 0));
    if (file->pcapng) {
        file->big_endian = magic == 0x4d3c2b1a;
        return file->big_endian || magic == 0x1a2b3c4d;
    }
    file->big_endian = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
    file->max_fraction = (magic == 0xa1b2c3d4 || magic == 0xd4c3b2a1
                          ? 999999 : 999999999);
    return (file->big_endian || magic == 0xa1b2c3d4 || magic == 0xa1b23c4d);
}

/* If the header of a packet may be what is at 'p', returns the length of the
 * packet with it, otherwise 0.  'offset' is where that is. */
static uint32_t
record_length(const struct file *file, const uint8_t *p, off_t offset)
{
    uint32_t captured, length;

    if (file->pcapng) {
        uint8_t trailer[4];

        length = get_u32(file, p + 4);
        return (get_u32(file, p) == PCAPNG_PACKET_BLOCK
                && length >= PCAPNG_MIN_BLOCK_LEN && length % 4 == 0
                && length <= MAX_CAPTURED + 1024
                && read_at(file, offset + length - 4, trailer, 4)
                && get_u32(file, trailer) == length
                ? length : 0);
    }

    captured = get_u32(file, p + 8);
    length = get_u32(file, p + 12);
    if (!captured || captured > length || length > MAX_CAPTURED
        || get_u32(file, p + 4) > file->max_fraction) {
        return 0;
    }
    if (file->last) {
        int64_t distance = (int64_t) get_u32(file, p) - file->last->tv_sec;

        if (distance > ONE_DAY || distance < -ONE_DAY) {
            return 0;
        }
    }
    return PCAP_RECORD_HEADER_LEN + captured;
}

/* Returns true if packets follow each other from 'offset' on, which is behind
 * one that may be good, or the file ends with one. */
static bool
is_confirmed(const struct file *file, off_t offset)
{
    uint8_t header[PCAP_RECORD_HEADER_LEN];
    uint32_t length;
    int i;

    for (i = 0; i < CONFIRMATIONS && offset != file->end; i++) {
        if (!read_at(file, offset, header, sizeof header)) {
            /* In pcapng other blocks may be at the end. */
            return false;
        }
        length = record_length(file, header, offset);
        if (!length) {
            return false;
        }
        offset += length;
    }
    return offset <= file->end;
}

/* Adds to '*offset', a place between packets of the capture file 'stream', the
 * length of the 'n' packets behind it, all of which libpcap has read.  Returns
 * false if that cannot be found out.  Does not move the stream's position. */
bool
resync_skip(FILE *stream, uint64_t n, off_t *offset)
{
    struct file file = { .fd = fileno(stream) };
    bool ok = recognize(&file);

    while (ok && n) {
        uint8_t header[PCAP_RECORD_HEADER_LEN];

        ok = read_at(&file, *offset, header, sizeof header);
        if (!ok) {
            break;
        } else if (file.pcapng) {
            uint32_t type = get_u32(&file, header);

            n -= (type == PCAPNG_PACKET_BLOCK
                  || type == PCAPNG_SIMPLE_PACKET_BLOCK
                  || type == PCAPNG_OLD_PACKET_BLOCK);
            *offset += get_u32(&file, header + 4);
        } else {
            n--;
            *offset += PCAP_RECORD_HEADER_LEN + get_u32(&file, header + 8);
        }
    }
    return ok;
}

/* Looks in the capture file 'stream', from 'start' on, for the next packet.
 * 'last' is the time of the last one that was good, or NULL.  Returns true if
 * there is one and stores where it starts in '*found'.  Does not move the
 * stream's position. */
bool
resync_find(FILE *stream, off_t start, const struct timespec *last,
            off_t *found)
{
    struct file file = { .fd = fileno(stream), .last = last };
    static uint8_t window[WINDOW];
    bool ok = false;
    ssize_t n;

    if (recognize(&file)) {
        while (!ok && (n = pread(file.fd, window, sizeof window, start))
                      >= PCAP_RECORD_HEADER_LEN) {
            ssize_t last_header = n - PCAP_RECORD_HEADER_LEN;
            ssize_t i;

            for (i = 0; i <= last_header; i++) {
                uint32_t length = record_length(&file, window + i, start + i);

                if (length && is_confirmed(&file, start + i + length)) {
                    *found = start + i;
                    ok = true;
                    break;
                }
            }
            start += last_header + 1;
        }
    }
    return ok;
}
