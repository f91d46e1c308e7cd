// SPDX-License-Identifier: GPL-2.0-only
#include "selftest.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/tcp.h>
#include "compat.h"
#include "frag-list.h"
#include "recently-sent.h"
#include "stt-frame.h"
#include "stt-hash.h"
#include "stt-inner.h"
#include "stt-reassembly.h"
#include "stt-segment.h"

enum {
	MAX_REPORTS = 20,		/* Of failed checks. */
	PATTERN_LEN = 65536,		/* Of the payload of packets. */
	N_PAGES = 64,			/* For payload that is in pages. */
	FULL_PAGES = 17,		/* Most pages of a packet, usually. */
	MAX_WATCHERS = 64,
	HEADERS_LEN = ETH_HLEN + sizeof(struct iphdr) + STT_SEGMENT_HEADER_LEN,
};

/*
 * Checks
 */

static const char *test_name __initdata;
static char context[100] __initdata;
static unsigned int n_checks __initdata, n_failed __initdata;

static bool __init check(bool ok, int line, const char *what)
{
	n_checks++;
	if (!ok && n_failed++ < MAX_REPORTS)
		pr_err("stt: self-test failed: %s, line %d: %s%s%s\n",
		       test_name, line, what, *context ? "; " : "", context);
	return ok;
}

static bool __init check_equal(u64 got, u64 expected, int line,
			       const char *what)
{
	n_checks++;
	if (got != expected && n_failed++ < MAX_REPORTS)
		pr_err("stt: self-test failed: %s, line %d: %s is %#llx, not %#llx%s%s\n",
		       test_name, line, what, got, expected,
		       *context ? "; " : "", context);
	return got == expected;
}

/* Both return true if it is as it should be. */
#define CHECK(CONDITION) check(CONDITION, __LINE__, #CONDITION)
#define CHECK_EQ(GOT, EXPECTED) check_equal(GOT, EXPECTED, __LINE__, #GOT)

/* Says what the checks that follow are about. */
static void __init __printf(1, 2) say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
}

/* Memory of the tests. */
static u8 *edge __initdata;		/* A page; nothing is mapped behind. */
static u8 *pattern __initdata;		/* PATTERN_LEN bytes like random ones. */
static u8 *copied __initdata;		/* As many, for a packet's payload. */
static struct page *pages[N_PAGES] __initdata;

/*
 * Copies 'length' bytes to where one byte more cannot be read: whoever tries is
 * stopped by the CPU.
 */
static const u8 * __init at_edge(const u8 *data, size_t length)
{
	return memcpy(edge + PAGE_SIZE - length, data, length);
}

/*
 * Hash
 */

static void __init test_hash(void)
{
	/* Bytes 0, 1, 2... under the key 0, 1, ... 15. */
	static const struct {
		size_t n;
		u64 hash;
	} vectors[] __initconst = {
		{ 0, 0xabac0158050fc4dcULL },
		{ 1, 0x369095118d299a8eULL },
		{ 2, 0xcc4fdd1a7d908b66ULL },
		{ 3, 0xf464aeb267349c8cULL },
		{ 6, 0x9f3143f8df074c46ULL },
		{ 32, 0x75b3e64e167de370ULL },
	};
	static const u64 seed[2] __initconst = {
		0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL,
	};
	static u64 words[32] __initdata;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = seed[0] + i * 0x0808080808080808ULL;
	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		say("%zu words", vectors[i].n);
		CHECK_EQ(stt_hash(seed, words, vectors[i].n), vectors[i].hash);
	}
}

/*
 * Segments
 */

static void __init test_segment_header(void)
{
	/* A segment of another STT implementation, its frame id and lengths. */
	static const u8 wire[STT_SEGMENT_HEADER_LEN] __initconst = {
		0xc1, 0xd2, 0x1d, 0x2f, 0x23, 0x45, 0x05, 0xb4, 0xfe, 0xdc,
		0xba, 0x98, 0x50, 0x18, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
	};
	const struct stt_segment segment = {
		.source_port = 0xc1d2,
		.destination_port = STT_DEFAULT_PORT,
		.frame_id = 0xfedcba98,
		.frame_length = 0x2345,
		.offset = 1460,
	};
	u8 header[STT_SEGMENT_HEADER_LEN + 1];
	struct stt_segment got;
	unsigned int i;

	memset(header, 0x5c, sizeof(header));
	stt_segment_write(header, &segment);
	CHECK(!memcmp(header, wire, sizeof(wire)));
	CHECK_EQ(header[sizeof(wire)], 0x5c);

	for (i = 0; i <= sizeof(header); i++) {
		say("%u bytes", i);
		memset(&got, 0, sizeof(got));
		if (!CHECK_EQ(stt_segment_read(at_edge(header, i), i, &got),
			      i < sizeof(wire) ? STT_DROP_TRUNCATED
					       : STT_DROP_NONE) ||
		    i < sizeof(wire))
			continue;
		CHECK_EQ(got.source_port, 0xc1d2);
		CHECK_EQ(got.destination_port, 7471);
		CHECK_EQ(got.frame_id, 0xfedcba98);
		CHECK_EQ(got.frame_length, 0x2345);
		CHECK_EQ(got.offset, 1460);
		CHECK_EQ(got.length, i - sizeof(wire));
	}
	/* The length may be more than a frame's. */
	CHECK_EQ(stt_segment_read(header, 100000, &got), STT_DROP_NONE);
	CHECK_EQ(got.length, 100000 - 20);

	for (i = 0; i < 16; i++) {
		say("data offset %u", i);
		header[12] = i << 4 | 0x0f;
		CHECK_EQ(stt_segment_read(header, 60, &got),
			 i == 5 ? STT_DROP_NONE : STT_DROP_DATA_OFFSET);
	}
}

static void __init test_segment_bounds(void)
{
	static const struct {
		u16 frame_length, offset;
		u32 length;
		enum stt_drop drop;
	} cases[] __initconst = {
		{ 32, 0, 32, STT_DROP_NONE },
		{ 32, 0, 1, STT_DROP_NONE },
		{ 32, 31, 1, STT_DROP_NONE },
		{ 32, 32, 1, STT_DROP_BOUNDS },
		{ 32, 31, 2, STT_DROP_BOUNDS },
		{ 32, 0, 33, STT_DROP_BOUNDS },
		{ 31, 0, 31, STT_DROP_FRAME_LENGTH },
		{ 0, 0, 1, STT_DROP_FRAME_LENGTH },
		{ 32, 0, 0, STT_DROP_EMPTY },
		{ 0, 65535, 0, STT_DROP_EMPTY },
		{ 65535, 0, 65535, STT_DROP_NONE },
		{ 65535, 1, 65534, STT_DROP_NONE },
		{ 65535, 1, 65535, STT_DROP_BOUNDS },
		{ 65535, 65534, 1, STT_DROP_NONE },
		{ 65535, 65535, 1, STT_DROP_BOUNDS },
		{ 65535, 0, 65536, STT_DROP_BOUNDS },
		/* Sums that would wrap in 16 or 32 bits. */
		{ 1000, 65000, 1000, STT_DROP_BOUNDS },
		{ 1000, 900, 65000, STT_DROP_BOUNDS },
		{ 1000, 10, 0xfffffff6, STT_DROP_BOUNDS },
		{ 1000, 500, 0xffffffff, STT_DROP_BOUNDS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct stt_segment segment = {
			.frame_length = cases[i].frame_length,
			.offset = cases[i].offset,
			.length = cases[i].length,
		};

		say("case %u", i);
		CHECK_EQ(stt_segment_check(&segment), cases[i].drop);
		CHECK_EQ(stt_segment_is_frame(&segment),
			 segment.length == segment.frame_length);
	}
}

static void __init test_segment_arithmetic(void)
{
	static const struct {
		u32 mtu, ipv4, ipv6;
	} sizes[] __initconst = {
		{ 0, 0, 0 }, { 40, 0, 0 }, { 41, 1, 0 }, { 60, 20, 0 },
		{ 61, 21, 1 }, { 1500, 1460, 1440 }, { 9000, 8960, 8940 },
		{ 65535, 65495, 65475 },
		{ U32_MAX, U32_MAX - 40, U32_MAX - 60 },
	};
	static const struct {
		u32 frame, size, count;
	} counts[] __initconst = {
		{ 1000, 0, 0 }, { 1000, 1001, 1 }, { 1000, 1000, 1 },
		{ 1000, 999, 2 }, { 2000, 1000, 2 }, { 2001, 1000, 3 },
		{ 65535, 1460, 45 }, { 65535, 256, 256 }, { 65535, 255, 0 },
		{ 256, 1, 256 }, { 257, 1, 0 }, { U32_MAX, U32_MAX, 1 },
		{ U32_MAX, U32_MAX - 1, 2 }, { U32_MAX, 1, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		say("MTU %u", sizes[i].mtu);
		CHECK_EQ(stt_segment_size(sizes[i].mtu, false), sizes[i].ipv4);
		CHECK_EQ(stt_segment_size(sizes[i].mtu, true), sizes[i].ipv6);
	}
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		say("%u bytes in segments of %u", counts[i].frame,
		    counts[i].size);
		CHECK_EQ(stt_segment_count(counts[i].frame, counts[i].size),
			 counts[i].count);
	}
}

/*
 * Frames
 */

static void __init test_frame_header(void)
{
	static const u8 wire[STT_FRAME_HEADER_LEN] __initconst = {
		0x00, 0x0e, 0x36, 0x00, 0x05, 0x94, 0x70, 0x2b, 0xfe,
		0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0x00, 0x00,
	};
	const struct stt_frame frame = {
		.flags = STT_FLAG_PARTIAL | STT_FLAG_IPV4 | STT_FLAG_TCP,
		.l4_offset = 54,
		.mss = 1428,
		.has_vlan = true,
		.vlan = 0x602b,
		.context_id = 0xfedcba9876543210ULL,
	};
	u8 header[STT_MIN_FRAME_LEN + 1];
	struct stt_frame got;
	unsigned int i;

	memset(header, 0x5c, sizeof(header));
	stt_frame_write(header, &frame);
	CHECK(!memcmp(header, wire, sizeof(wire)));
	CHECK_EQ(header[sizeof(wire)], 0x5c);

	for (i = 0; i <= sizeof(header); i++) {
		say("%u bytes", i);
		CHECK_EQ(stt_frame_read(at_edge(header, i), i, &got),
			 i < 18 + 14 ? STT_DROP_FRAME_LENGTH : STT_DROP_NONE);
	}
	CHECK_EQ(got.flags, 0x0e);
	CHECK_EQ(got.l4_offset, 54);
	CHECK_EQ(got.mss, 1428);
	CHECK_EQ(got.has_vlan, true);
	CHECK_EQ(got.vlan, 0x602b);
	CHECK_EQ(got.context_id, 0xfedcba9876543210ULL);

	for (i = 0; i < 256; i++) {
		say("version %u", i);
		header[0] = i;
		CHECK_EQ(stt_frame_read(header, sizeof(header), &got),
			 i ? STT_DROP_VERSION : STT_DROP_NONE);
	}
}

static void __init test_frame_vlan(void)
{
	static const u16 tags[] __initconst = {
		0x0000, 0x0001, 0x000a, 0x0fff, 0x2000, 0xa00a, 0xefff,
	};
	u8 header[STT_MIN_FRAME_LEN] = { 0 };
	struct stt_frame frame = { .flags = 0 };
	struct stt_frame got;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		say("tag %#x", tags[i]);
		frame.has_vlan = true;
		/* The bit in the place of "valid" is no part of the tag. */
		frame.vlan = tags[i] | (i % 2 ? 0x1000 : 0);
		stt_frame_write(header, &frame);
		CHECK_EQ(get_unaligned_be16(header + 6), tags[i] | 0x1000);
		CHECK_EQ(stt_frame_read(header, sizeof(header), &got),
			 STT_DROP_NONE);
		CHECK_EQ(got.has_vlan, true);
		CHECK_EQ(got.vlan, tags[i]);

		/* As OVS 2.17 sends it on newer kernels. */
		put_unaligned_be16(tags[i], header + 6);
		CHECK_EQ(stt_frame_read(header, sizeof(header), &got),
			 STT_DROP_NONE);
		CHECK_EQ(got.has_vlan, tags[i] != 0);
		CHECK_EQ(got.vlan, tags[i]);

		frame.has_vlan = false;
		stt_frame_write(header, &frame);
		CHECK_EQ(get_unaligned_be16(header + 6), 0);
	}
}

/*
 * Inner packets
 */

/* An inner packet to be made. */
struct shape {
	bool ipv6;
	u8 protocol;
	u8 n_tags;
	u8 ip_options;			/* Bytes, with IPv4. */
	u8 tcp_options;			/* Bytes, with TCP. */
	u16 payload;			/* Bytes. */
	u8 padding;			/* Bytes behind the IP packet. */
};

static const struct shape shapes[] __initconst = {
	{ false, IPPROTO_TCP, 0, 0, 0, 100, 0 },
	{ false, IPPROTO_TCP, 0, 40, 40, 100, 0 },
	{ false, IPPROTO_TCP, 1, 4, 12, 1000, 0 },
	{ false, IPPROTO_TCP, 2, 40, 40, 3000, 0 },
	{ false, IPPROTO_TCP, 0, 0, 0, 0, 6 },
	{ false, IPPROTO_TCP, 0, 0, 12, 200, 2 },
	{ false, IPPROTO_UDP, 0, 0, 0, 0, 18 },
	{ false, IPPROTO_UDP, 0, 40, 0, 100, 0 },
	{ false, IPPROTO_UDP, 2, 8, 0, 1, 0 },
	{ true, IPPROTO_TCP, 0, 0, 0, 100, 0 },
	{ true, IPPROTO_TCP, 1, 0, 40, 300, 0 },
	{ true, IPPROTO_TCP, 0, 0, 12, 3000, 0 },
	{ true, IPPROTO_TCP, 0, 0, 12, 90, 9 },
	{ true, IPPROTO_UDP, 0, 0, 0, 0, 0 },
	{ true, IPPROTO_UDP, 0, 0, 0, 777, 3 },
	{ true, IPPROTO_UDP, 2, 0, 0, 20, 0 },
};

static u8 packet[PAGE_SIZE] __initdata;

/*
 * Writes the packet 'shape' to 'packet', and to 'inner' what is to be read in
 * it.  Returns its length.
 */
static unsigned int __init make_packet(const struct shape *shape,
				       struct stt_inner *inner)
{
	bool tcp = shape->protocol == IPPROTO_TCP;
	unsigned int length, i;
	__sum16 checksum;
	u8 *ip, *l4;

	inner->ipv4 = !shape->ipv6;
	inner->protocol = shape->protocol;
	inner->n_tags = shape->n_tags;
	inner->l3_offset = ETH_HLEN + 4 * shape->n_tags;
	inner->l4_offset = inner->l3_offset +
			   (shape->ipv6 ? 40 : 20 + shape->ip_options);
	inner->payload_offset = inner->l4_offset +
				(tcp ? 20 + shape->tcp_options : 8);
	inner->end = inner->payload_offset + shape->payload;
	length = inner->end + shape->padding;
	ip = packet + inner->l3_offset;
	l4 = packet + inner->l4_offset;

	memset(packet, 0x3e, length);
	for (i = 0; i < shape->n_tags; i++)
		put_unaligned_be16(i + 1 < shape->n_tags ? ETH_P_8021AD
							 : ETH_P_8021Q,
				   packet + 12 + 4 * i);
	if (shape->ipv6) {
		put_unaligned_be16(ETH_P_IPV6, ip - 2);
		ip[0] = 0x60;
		put_unaligned_be16(inner->end - inner->l4_offset, ip + 4);
		ip[6] = shape->protocol;
	} else {
		put_unaligned_be16(ETH_P_IP, ip - 2);
		ip[0] = 0x40 | (20 + shape->ip_options) / 4;
		put_unaligned_be16(inner->end - inner->l3_offset, ip + 2);
		put_unaligned_be16(IP_DF, ip + 6);
		ip[9] = shape->protocol;
		put_unaligned_be16(0, ip + 10);
		checksum = ip_compute_csum(ip, 20 + shape->ip_options);
		memcpy(ip + 10, &checksum, sizeof(checksum));
	}
	if (tcp)
		l4[12] = (20 + shape->tcp_options) / 4 << 4;
	say("IPv%d, protocol %u, %u tags, %u and %u bytes of options, %u of payload, %u of padding",
	    shape->ipv6 ? 6 : 4, shape->protocol, shape->n_tags,
	    shape->ip_options, shape->tcp_options, shape->payload,
	    shape->padding);
	return length;
}

/* How many of a packet's 'length' bytes there need to be. */
static size_t __init available(size_t length)
{
	return min_t(size_t, length, STT_INNER_HEADERS_LEN);
}

/* These bytes of 'packet', with nothing behind them. */
static const u8 * __init packet_at_edge(size_t length)
{
	return at_edge(packet, available(length));
}

static bool __init read_inner(size_t length)
{
	struct stt_inner inner;

	return stt_inner_read(packet_at_edge(length), available(length), length,
			      &inner);
}

static void __init check_inner(const struct stt_inner *got,
			       const struct stt_inner *expected)
{
	CHECK_EQ(got->ipv4, expected->ipv4);
	CHECK_EQ(got->protocol, expected->protocol);
	CHECK_EQ(got->n_tags, expected->n_tags);
	CHECK_EQ(got->l3_offset, expected->l3_offset);
	CHECK_EQ(got->l4_offset, expected->l4_offset);
	CHECK_EQ(got->payload_offset, expected->payload_offset);
	CHECK_EQ(got->end, expected->end);
}

static void __init test_inner(void)
{
	const struct shape three_tags = { false, IPPROTO_UDP, 3, 0, 0, 10, 0 };
	struct stt_inner expected, got;
	unsigned int i, j, length;

	CHECK_EQ(STT_INNER_HEADERS_LEN, 14 + 8 + 60 + 20);
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *shape = &shapes[i];
		u8 *l3, *length_field;

		length = make_packet(shape, &expected);
		if (CHECK(stt_inner_read(packet_at_edge(length),
					 available(length), length, &got)))
			check_inner(&got, &expected);

		/* Without its end. */
		for (j = 0; j <= length; j++)
			if (!CHECK_EQ(read_inner(j), j >= expected.end))
				break;

		/* Lengths that lie. */
		l3 = packet + expected.l3_offset;
		length_field = l3 + (shape->ipv6 ? 4 : 2);
		for (j = 0; j <= U16_MAX; j++) {
			unsigned int end = (shape->ipv6 ? expected.l4_offset
						: expected.l3_offset) + j;

			/* All small ones, others now and then. */
			if (j > 4200 && j % 251 && j != U16_MAX)
				continue;
			put_unaligned_be16(j, length_field);
			if (!CHECK_EQ(read_inner(length),
				      end >= expected.payload_offset &&
				      end <= length))
				break;
		}

		/* Cut within the TCP or UDP header, and no lie about it. */
		for (j = expected.l4_offset; j < expected.payload_offset; j++) {
			put_unaligned_be16(j - (shape->ipv6 ? expected.l4_offset
						: expected.l3_offset),
					   length_field);
			if (!CHECK(!read_inner(j)))
				break;
		}

		/* Other versions of IP, and no IP. */
		length = make_packet(shape, &expected);
		l3[0] ^= 0x20;
		CHECK(!read_inner(length));
		l3[0] ^= 0x20;
		CHECK(read_inner(length));
		put_unaligned_be16(ETH_P_ARP, l3 - 2);
		CHECK(!read_inner(length));

		/* Other protocols. */
		make_packet(shape, &expected);
		l3[shape->ipv6 ? 6 : 9] = IPPROTO_ICMP;
		CHECK(!read_inner(length));

		if (!shape->ipv6) {
			static const struct {
				u16 field;
				bool fragment;
			} cases[] __initconst = {
				{ 0x0000, false }, { 0x4000, false },
				{ 0xc000, false }, { 0x2000, true },
				{ 0x0001, true }, { 0x1fff, true },
			};

			make_packet(shape, &expected);
			for (j = 0; j < ARRAY_SIZE(cases); j++) {
				put_unaligned_be16(cases[j].field, l3 + 6);
				CHECK_EQ(read_inner(length),
					 !cases[j].fragment);
			}
			make_packet(shape, &expected);
			for (j = 0; j < 5; j++) {
				l3[0] = 0x40 | j;
				CHECK(!read_inner(length));
			}
		}
		if (shape->protocol == IPPROTO_TCP) {
			length = make_packet(shape, &expected);
			for (j = 0; j < 16; j++) {
				packet[expected.l4_offset + 12] = j << 4;
				CHECK_EQ(read_inner(length),
					 j >= 5 && expected.l4_offset + j * 4 <=
					 expected.end);
			}
		}
	}

	/* Too many tags, and tags without end. */
	CHECK(!read_inner(make_packet(&three_tags, &expected)));
	for (i = 12; i < sizeof(packet); i += 4)
		put_unaligned_be16(ETH_P_8021Q, packet + i);
	say("tags only");
	for (length = 0; length < 300; length++)
		CHECK(!read_inner(length));
}

static u8 __init flags_of(const struct shape *shape)
{
	return STT_FLAG_PARTIAL | (shape->ipv6 ? 0 : STT_FLAG_IPV4) |
	       (shape->protocol == IPPROTO_TCP ? STT_FLAG_TCP : 0);
}

static bool __init describe(unsigned int length,
			    const struct stt_inner *inner, u16 mss,
			    struct stt_frame *frame)
{
	const struct stt_unfinished unfinished = {
		.checksum_start = inner->l4_offset,
		.checksum_offset = stt_inner_checksum_offset(inner->protocol),
		.mss = mss,
	};

	memset(frame, 0xff, sizeof(*frame));
	return stt_frame_describe(packet_at_edge(length), available(length),
				  length, &unfinished, frame);
}

static void __init test_describe(void)
{
	struct stt_inner inner;
	struct stt_frame frame;
	unsigned int i, j, length;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *shape = &shapes[i];
		u16 mss;

		for (mss = 0; mss <= 80; mss += 80) {
			bool ok = !shape->n_tags &&
				  (!mss || (shape->protocol == IPPROTO_TCP &&
					    !shape->padding));

			length = make_packet(shape, &inner);
			CHECK_EQ(describe(length, &inner, mss, &frame), ok);
			CHECK_EQ(frame.flags, ok ? flags_of(shape) : 0);
			CHECK_EQ(frame.l4_offset, ok ? inner.l4_offset : 0);
			CHECK_EQ(frame.mss, ok ? mss : 0);
			CHECK_EQ(frame.context_id, U64_MAX);
		}
		CHECK(!describe(inner.end - 1, &inner, 0, &frame));
		CHECK_EQ(frame.flags, 0);
	}

	/* CWR, with and without segmentation. */
	length = make_packet(&shapes[0], &inner);
	packet[inner.l4_offset + 13] |= 0x80;
	CHECK(!describe(length, &inner, 80, &frame));
	CHECK(describe(length, &inner, 0, &frame));

	length = make_packet(&shapes[0], &inner);
	for (j = 1; j <= U16_MAX; j++)
		if (!CHECK_EQ(describe(length, &inner, j, &frame),
			      j >= 64 && j <= 65534))
			break;
}

static enum stt_drop __init check_offload(unsigned int length, u8 flags,
					  unsigned int l4_offset, u16 mss,
					  struct stt_frame *frame)
{
	struct stt_inner inner;

	frame->flags = flags;
	frame->l4_offset = l4_offset;
	frame->mss = mss;
	return stt_frame_check_offload(packet_at_edge(length),
				       available(length), length, frame,
				       &inner);
}

static void __init test_check_offload(void)
{
	struct stt_inner expected, got;
	struct stt_frame frame;
	unsigned int i, j, length;

	memset(&frame, 0, sizeof(frame));
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *shape = &shapes[i];
		bool tcp = shape->protocol == IPPROTO_TCP;
		u8 flags = flags_of(shape);

		length = make_packet(shape, &expected);
		frame.flags = flags;
		frame.l4_offset = expected.l4_offset;
		frame.mss = 0;
		if (CHECK_EQ(stt_frame_check_offload(packet_at_edge(length),
						     available(length), length,
						     &frame, &got),
			     STT_DROP_NONE))
			check_inner(&got, &expected);

		for (j = 0; j < 256; j++)
			if (!CHECK_EQ(check_offload(length, flags, j, 0,
						    &frame),
				      j == expected.l4_offset
				      ? STT_DROP_NONE : STT_DROP_OFFLOAD))
				break;
		for (j = 0x01; j <= 0x80; j <<= 1)
			CHECK_EQ(check_offload(length, flags ^ j,
					       expected.l4_offset, 0, &frame),
				 j == STT_FLAG_IPV4 || j == STT_FLAG_TCP
				 ? STT_DROP_OFFLOAD : STT_DROP_NONE);
		for (j = 0; j < expected.end; j++)
			if (!CHECK_EQ(check_offload(j, flags,
						    expected.l4_offset, 0,
						    &frame),
				      STT_DROP_OFFLOAD))
				break;

		/* 80 bytes are less than most of them carry. */
		CHECK_EQ(check_offload(length, flags, expected.l4_offset, 80,
				       &frame),
			 !tcp || (shape->payload > 80 && shape->padding)
			 ? STT_DROP_OFFLOAD : STT_DROP_NONE);
		if (tcp && !shape->padding)
			CHECK_EQ(frame.mss, shape->payload > 80 ? 80 : 0);

		/* Nothing claimed, nothing to check. */
		CHECK_EQ(check_offload(length, flags ^ STT_FLAG_PARTIAL, 255,
				       U16_MAX, &frame), STT_DROP_NONE);
		CHECK_EQ(frame.mss, 0);
	}

	/* A damaged IPv4 header, of a super-packet and of none. */
	length = make_packet(&shapes[0], &expected);
	packet[expected.l3_offset + 8] ^= 1;
	CHECK_EQ(check_offload(length, flags_of(&shapes[0]),
			       expected.l4_offset, 80, &frame),
		 STT_DROP_INNER_CHECKSUM);
	CHECK_EQ(check_offload(length, flags_of(&shapes[0]),
			       expected.l4_offset, 0, &frame), STT_DROP_NONE);

	length = make_packet(&shapes[0], &expected);
	for (j = 1; j <= U16_MAX; j++)
		if (!CHECK_EQ(check_offload(length, flags_of(&shapes[0]),
					    expected.l4_offset, j, &frame),
			      j < 64 || j == 65535 ? STT_DROP_MSS
						   : STT_DROP_NONE) ||
		    (j >= 64 && j < 65535 &&
		     !CHECK_EQ(frame.mss, j < 100 ? j : 0)))
			break;
}

/*
 * Reassembly
 */

static struct stt_reassembly *table __initdata;
static struct stt_fragment fragments[STT_MAX_SEGMENTS + 1] __initdata;
static struct stt_fragment *whole __initdata, *dead __initdata;
static const u64 seed[2] __initconst = { 1, 2 };

static struct stt_key __init make_key(u8 source, u32 frame_id)
{
	struct stt_key key = {
		.source = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = source },
		.frame_id = frame_id,
		.source_port = 40000,
		.destination_port = STT_DEFAULT_PORT,
	};

	return key;
}

/* Inserts fragment 'n', charged one byte for each of its payload. */
static void __init put_key(const struct stt_key *key, unsigned int n,
			   u16 frame_length, u16 offset, u16 length, u64 now)
{
	const struct stt_segment segment = {
		.frame_length = frame_length,
		.offset = offset,
		.length = length,
	};

	fragments[n].charge = length;
	dead = NULL;
	whole = stt_reassembly_insert(table, key, &segment, &fragments[n], now,
				      &dead);
}

/* The same at time 0 for a frame of 400 bytes. */
static void __init put(u8 source, u32 frame_id, unsigned int n, u16 offset,
		       u16 length)
{
	struct stt_key key = make_key(source, frame_id);

	put_key(&key, n, 400, offset, length, 0);
}

/*
 * Checks what came of it: a whole frame of 'n_whole' fragments, if not 0, and
 * 'n_dead' dead ones, all for the reason 'drop'.
 */
static void __init expect(int line, unsigned int n_whole, unsigned int n_dead,
			  enum stt_drop drop)
{
	unsigned int n = 0, offset = 0;

	for (; whole && n < ARRAY_SIZE(fragments); whole = whole->next) {
		check_equal(whole->offset, offset, line, "offset in frame");
		offset += whole->length;
		n++;
	}
	check_equal(n, n_whole, line, "number of fragments in frame");
	n = 0;
	for (; dead && n < ARRAY_SIZE(fragments); dead = dead->next) {
		check_equal(dead->drop, drop, line, "reason");
		n++;
	}
	check_equal(n, n_dead, line, "number of dead fragments");
}

#define EXPECT(N_WHOLE, N_DEAD, DROP) \
	expect(__LINE__, N_WHOLE, N_DEAD, STT_DROP_##DROP)
#define EXPECT_HELD() EXPECT(0, 0, NONE)

static void __init expect_occupancy(int line, unsigned int n_frames,
				    unsigned int n_sources, unsigned int bytes)
{
	struct stt_occupancy occupancy;

	stt_reassembly_get_occupancy(table, &occupancy);
	check_equal(occupancy.frames, n_frames, line, "number of frames");
	check_equal(occupancy.sources, n_sources, line, "number of sources");
	check_equal(occupancy.bytes, bytes, line, "bytes held");
}

#define EXPECT_OCCUPANCY(N_FRAMES, N_SOURCES, BYTES) \
	expect_occupancy(__LINE__, N_FRAMES, N_SOURCES, BYTES)

static bool __init begin(unsigned int n_shards, const struct stt_limits *limits)
{
	table = stt_reassembly_create(n_shards, seed, limits);
	return CHECK(table != NULL);
}

/* Ends a test after which the table is empty. */
static void __init end(int line)
{
	expect_occupancy(line, 0, 0, 0);
	check(!stt_reassembly_destroy(table), line, "nothing is left");
}

#define END() end(__LINE__)

static void __init test_reassembly_order(void)
{
	const struct stt_limits limits = STT_DEFAULT_LIMITS;
	struct stt_key key = make_key(1, 7);
	unsigned int permutation, order, i;

	if (!begin(4, &limits))
		return;
	for (permutation = 0; permutation < 256; permutation++) {
		unsigned int seen = 0;

		for (i = 0; i < 4; i++)
			seen |= 1 << (permutation >> 2 * i & 3);
		if (seen != 0xf)
			continue;
		say("permutation %#x", permutation);
		for (i = 0; i < 4; i++) {
			put(1, permutation, i, 100 * (permutation >> 2 * i & 3),
			    100);
			if (i < 3)
				EXPECT_HELD();
		}
		EXPECT(4, 0, NONE);
		EXPECT_OCCUPANCY(0, 0, 0);
	}

	/* All but the last byte. */
	say("a byte is missing");
	put(1, 1, 0, 0, 399);
	EXPECT_HELD();
	put(1, 1, 1, 399, 1);
	EXPECT(2, 0, NONE);

	/* As many segments as can be. */
	for (order = 0; order < 3; order++) {
		say("order %u", order);
		for (i = 0; i < STT_MAX_SEGMENTS; i++) {
			unsigned int n = order == 0 ? i :
					 order == 1 ? STT_MAX_SEGMENTS - 1 - i
						    : (i * 37) % 256;

			put_key(&key, i, STT_MAX_FRAME_LEN, n * 256,
				n == STT_MAX_SEGMENTS - 1 ? 255 : 256, 0);
			if (i < STT_MAX_SEGMENTS - 1)
				EXPECT_HELD();
		}
		EXPECT(STT_MAX_SEGMENTS, 0, NONE);
	}
	END();
}

static void __init test_reassembly_key(void)
{
	const struct stt_limits limits = STT_DEFAULT_LIMITS;
	static const u8 fields[] __initconst = {
		offsetof(struct stt_key, source),
		offsetof(struct stt_key, destination),
		offsetof(struct stt_key, domain),
		offsetof(struct stt_key, frame_id),
		offsetof(struct stt_key, source_port),
		offsetof(struct stt_key, destination_port),
	};
	struct stt_key a = make_key(1, 1), b;
	unsigned int bit, field, i;

	if (!begin(4, &limits))
		return;
	for (bit = 0; bit < 8 * sizeof(a); bit++) {
		say("bit %u", bit);
		b = a;
		((u8 *)&b)[bit / 8] ^= 1 << bit % 8;
		put_key(&a, 0, 200, 0, 100, 0);
		EXPECT_HELD();
		put_key(&b, 1, 200, 100, 100, 0);
		EXPECT_HELD();
		put_key(&a, 2, 200, 100, 100, 0);
		EXPECT(2, 0, NONE);
		put_key(&b, 3, 200, 0, 100, 0);
		EXPECT(2, 0, NONE);
	}

	/* So many that some share a hash bucket: all first halves, then all
	 * second ones.
	 */
	for (field = 0; field < ARRAY_SIZE(fields); field++) {
		say("field %u", field);
		for (i = 0; i < STT_MAX_SEGMENTS; i++) {
			bool second = i >= STT_MAX_SEGMENTS / 2;

			b = a;
			((u8 *)&b)[fields[field]] = i % (STT_MAX_SEGMENTS / 2);
			put_key(&b, i, 200, second ? 100 : 0, 100, 0);
			EXPECT(second ? 2 : 0, 0, NONE);
		}
	}
	END();
}

static void __init test_reassembly_overlap(void)
{
	const struct stt_limits limits = STT_DEFAULT_LIMITS;
	struct stt_key key = make_key(1, 1);
	unsigned int start, stop;

	if (!begin(1, &limits))
		return;
	/* Beside a fragment from 20 to 30. */
	for (start = 0; start < 40; start++) {
		for (stop = start + 1; stop <= 40; stop++) {
			say("from %u to %u", start, stop);
			put(1, 1, 0, 20, 10);
			put(1, 1, 1, start, stop - start);
			if (stop <= 20 || start >= 30) {
				EXPECT_HELD();
				EXPECT_OCCUPANCY(1, 1, 10 + stop - start);
			} else if (start >= 20 && stop <= 30) {
				EXPECT(0, 1, DUPLICATE);
				EXPECT_OCCUPANCY(1, 1, 10);
			} else {
				EXPECT(0, 2, OVERLAP);
				EXPECT_OCCUPANCY(0, 0, 0);
			}
			stt_reassembly_expire(table, limits.age);
		}
	}
	say("%s", "");

	/* What lies in two that are held is in neither. */
	put(1, 1, 0, 0, 100);
	put(1, 1, 1, 100, 100);
	put(1, 1, 2, 50, 100);
	EXPECT(0, 3, OVERLAP);

	/* A duplicate does no harm. */
	put(1, 1, 0, 300, 100);
	put(1, 1, 1, 100, 200);
	put(1, 1, 2, 300, 100);
	EXPECT(0, 1, DUPLICATE);
	put(1, 1, 2, 150, 10);
	EXPECT(0, 1, DUPLICATE);
	put(1, 1, 3, 0, 100);
	EXPECT(3, 0, NONE);

	/* Another length of the frame, with new or old payload. */
	put(1, 1, 0, 0, 100);
	put_key(&key, 1, 401, 100, 100, 0);
	EXPECT(0, 2, CONFLICT);
	put(1, 1, 0, 0, 100);
	put_key(&key, 1, 399, 0, 100, 0);
	EXPECT(0, 2, CONFLICT);
	END();
}

static void __init test_reassembly_limits(void)
{
	struct stt_limits limits = STT_DEFAULT_LIMITS;
	struct stt_limits got;
	struct stt_key key = make_key(1, 1);
	unsigned int i;

	if (!begin(1, &limits))
		return;

	/* Segments. */
	for (i = 0; i < STT_MAX_SEGMENTS; i++) {
		put_key(&key, i, 2000, 2 * i, 1, 0);
		EXPECT_HELD();
	}
	put_key(&key, i, 2000, 2 * i, 1, 0);
	EXPECT(0, STT_MAX_SEGMENTS + 1, SEGMENT_LIMIT);
	EXPECT_OCCUPANCY(0, 0, 0);

	/* Bytes of a source: its least recently used frame goes. */
	limits.bytes_per_source = 300;
	stt_reassembly_set_limits(table, &limits);
	stt_reassembly_get_limits(table, &got);
	CHECK(!memcmp(&limits, &got, sizeof(got)));
	put(2, 1, 9, 0, 300);
	put(1, 1, 0, 0, 50);
	put(1, 2, 1, 0, 100);
	put(1, 3, 2, 0, 100);
	put(1, 1, 3, 50, 50);
	EXPECT_HELD();
	put(1, 4, 4, 0, 1);
	EXPECT(0, 1, SOURCE_LIMIT);
	put(1, 1, 5, 100, 300);
	EXPECT(0, 5, SOURCE_LIMIT);
	EXPECT_OCCUPANCY(1, 1, 300);
	put(2, 1, 10, 300, 1);
	EXPECT(0, 2, SOURCE_LIMIT);
	EXPECT_OCCUPANCY(0, 0, 0);

	/* Bytes of all: one's own frames go first, then those of others. */
	limits = STT_DEFAULT_LIMITS;
	limits.bytes = 300;
	stt_reassembly_set_limits(table, &limits);
	put(1, 1, 0, 0, 100);
	put(2, 1, 1, 0, 100);
	put(2, 2, 2, 0, 100);
	EXPECT_OCCUPANCY(3, 2, 300);
	put(2, 3, 3, 0, 100);
	EXPECT(0, 1, BYTE_LIMIT);
	EXPECT_OCCUPANCY(3, 2, 300);
	put(3, 1, 4, 0, 100);
	EXPECT(0, 1, BYTE_LIMIT);
	EXPECT_OCCUPANCY(3, 2, 300);
	put(1, 1, 5, 0, 301);
	EXPECT(0, 4, BYTE_LIMIT);
	EXPECT_OCCUPANCY(0, 0, 0);

	/* Frames. */
	limits = STT_DEFAULT_LIMITS;
	limits.frames = 3;
	stt_reassembly_set_limits(table, &limits);
	put(1, 1, 0, 0, 100);
	put(2, 1, 1, 0, 100);
	put(2, 2, 2, 0, 100);
	put(2, 3, 3, 0, 100);
	EXPECT(0, 1, FRAME_LIMIT);
	EXPECT_OCCUPANCY(3, 2, 300);
	put(1, 1, 4, 100, 300);
	EXPECT(2, 0, NONE);

	/* Limits that came down. */
	limits.frames = 1;
	stt_reassembly_set_limits(table, &limits);
	whole = NULL;
	dead = stt_reassembly_expire(table, 0);
	EXPECT(0, 1, FRAME_LIMIT);
	limits.bytes = 99;
	stt_reassembly_set_limits(table, &limits);
	dead = stt_reassembly_expire(table, 0);
	EXPECT(0, 1, BYTE_LIMIT);
	END();
}

static void __init test_reassembly_age(void)
{
	struct stt_limits limits = STT_DEFAULT_LIMITS;
	struct stt_key a = make_key(1, 1), b = make_key(2, 2);
	const u64 now = 5ULL << 32;

	limits.age = 100;
	if (!begin(2, &limits))
		return;
	put_key(&a, 0, 400, 0, 100, now);
	put_key(&b, 1, 400, 0, 100, now + 50);
	put_key(&a, 2, 400, 100, 100, now + 99);
	EXPECT_HELD();
	dead = stt_reassembly_expire(table, now + 99);
	EXPECT_HELD();
	dead = stt_reassembly_expire(table, now + 100);
	EXPECT(0, 2, EXPIRED);
	EXPECT_OCCUPANCY(1, 1, 100);
	/* Seen by its next segment as well. */
	put_key(&b, 3, 400, 100, 300, now + 150);
	EXPECT(0, 1, EXPIRED);
	EXPECT_OCCUPANCY(1, 1, 300);
	/* A clock that is behind makes nothing old. */
	put_key(&b, 4, 400, 0, 100, now + 149);
	EXPECT(2, 0, NONE);
	END();
}

static void __init test_reassembly_destroy(void)
{
	const struct stt_limits limits = STT_DEFAULT_LIMITS;
	unsigned int i;

	if (!begin(8, &limits))
		return;
	for (i = 0; i < 100; i++) {
		put(i % 20, i / 40, i, 2 * i, 2);
		EXPECT_HELD();
	}
	EXPECT_OCCUPANCY(60, 20, 200);
	dead = stt_reassembly_destroy(table);
	EXPECT(0, 100, EXPIRED);
}

/*
 * Packets joined from others
 */

/* Clones of packets, with what must still be in them at the end. */
struct watcher {
	struct sk_buff *skb;
	unsigned int offset;		/* In 'pattern'. */
	bool has_list;
};

static struct watcher watchers[MAX_WATCHERS] __initdata;
static unsigned int n_watchers __initdata;

/* Packets made here that are not yet freed.  Not __initdata: packets see it. */
static atomic_t n_packets;

static unsigned int page_number __initdata, page_used __initdata;

static void count_free(struct sk_buff *skb)
{
	atomic_dec(&n_packets);
}

/* Returns 'size' bytes of a page that has one more reference then, or NULL. */
static u8 * __init take_memory(unsigned int size)
{
	u8 *p;

	size = SKB_DATA_ALIGN(size);
	if (page_used + size > PAGE_SIZE) {
		page_number++;
		page_used = 0;
	}
	if (page_number >= N_PAGES)
		return NULL;
	get_page(pages[page_number]);
	p = (u8 *)page_address(pages[page_number]) + page_used;
	page_used += size;
	return p;
}

/* Puts 'length' bytes of 'pattern' from 'offset' into the new packet 'skb'. */
static struct sk_buff * __init fill(struct sk_buff *skb, unsigned int offset,
				    unsigned int length, unsigned int tailroom)
{
	if (!skb)
		return NULL;
	skb->destructor = count_free;
	atomic_inc(&n_packets);
	skb_reserve(skb, skb_tailroom(skb) - length - tailroom);
	skb_put_data(skb, pattern + offset, length);
	return skb;
}

static struct sk_buff * __init make_linear(unsigned int offset,
					   unsigned int length,
					   unsigned int tailroom)
{
	return fill(alloc_skb(HEADERS_LEN + length + tailroom, GFP_KERNEL),
		    offset, length, tailroom);
}

/* The same in a page fragment. */
static struct sk_buff * __init make_fragment(unsigned int offset,
					     unsigned int length)
{
	unsigned int size = SKB_DATA_ALIGN(HEADERS_LEN + length) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	u8 *data = take_memory(size);
	struct sk_buff *skb;

	if (!data)
		return NULL;
	skb = build_skb(data, size);
	if (!skb)
		put_page(virt_to_page(data));
	return fill(skb, offset, length, 0);
}

/* Adds 'n' pages, each with 'size' bytes of payload. */
static struct sk_buff * __init attach_pages(struct sk_buff *skb,
					    unsigned int offset,
					    unsigned int n, unsigned int size)
{
	while (skb && n--) {
		u8 *data = take_memory(size);

		if (!data) {
			kfree_skb(skb);
			return NULL;
		}
		memcpy(data, pattern + offset, size);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags,
				virt_to_page(data), offset_in_page(data), size,
				SKB_DATA_ALIGN(size));
		offset += size;
	}
	return skb;
}

/* Kinds of packets.  All their buffers have the same size. */
enum kind {
	EMPTY,
	LINEAR,
	ROOMY,				/* With tailroom. */
	FRAGMENT,			/* Linear, in a page fragment. */
	PAGES,
	LINEAR_PAGES,
	FRAGMENT_PAGES,
	LINEAR_FULL,			/* With all pages that it can have. */
	FRAGMENT_FULL,
	LIST,				/* With linear ones in its frag list. */
	FRAGMENT_LIST,			/* And with others. */
	DEEP_LIST,			/* With lists in its frag list. */
	PAGES_LIST,			/* With pages and nothing in it. */
	PAGES_DEEP_LIST,		/* With such lists in it. */
};

static struct sk_buff * __init make_skb(enum kind kind, unsigned int offset,
					unsigned int size);

/* Adds packets of those 'n' kinds to the frag list of 'skb'. */
static struct sk_buff * __init attach_list(struct sk_buff *skb,
					   unsigned int offset,
					   unsigned int size,
					   const enum kind *kinds,
					   unsigned int n)
{
	struct sk_buff *member, **next;

	if (!skb)
		return NULL;
	offset += skb->len;
	next = &skb_shinfo(skb)->frag_list;
	while (n--) {
		member = make_skb(*kinds++, offset, size);
		if (!member) {
			kfree_skb(skb);
			return NULL;
		}
		offset += member->len;
		skb->len += member->len;
		skb->data_len += member->len;
		skb->truesize += member->truesize;
		*next = member;
		next = &member->next;
	}
	return skb;
}

static struct sk_buff * __init make_skb(enum kind kind, unsigned int offset,
					unsigned int size)
{
	static const enum kind list[] __initconst = { LINEAR, ROOMY, LINEAR };
	static const enum kind fragment_list[] __initconst = {
		FRAGMENT, FRAGMENT, LINEAR_PAGES, PAGES,
	};
	static const enum kind deep_list[] __initconst = {
		LIST, FRAGMENT_LIST, FRAGMENT,
	};
	static const enum kind pages_list[] __initconst = {
		PAGES, EMPTY, PAGES,
	};
	static const enum kind pages_deep_list[] __initconst = {
		PAGES, PAGES_LIST,
	};

	switch (kind) {
	case EMPTY:
		return make_linear(offset, 0, 0);
	case LINEAR:
		return make_linear(offset, size, 0);
	case ROOMY:
		return make_linear(offset, size, 2 * size);
	case FRAGMENT:
		return make_fragment(offset, size);
	case PAGES:
		return attach_pages(make_linear(offset, 0, 0), offset, 5,
				    size);
	case LINEAR_PAGES:
		return attach_pages(make_linear(offset, size, 0), offset + size,
				    3, size);
	case FRAGMENT_PAGES:
		return attach_pages(make_fragment(offset, size), offset + size,
				    3, size);
	case LINEAR_FULL:
		return attach_pages(make_linear(offset, size, 0), offset + size,
				    FULL_PAGES, size);
	case FRAGMENT_FULL:
		return attach_pages(make_fragment(offset, size), offset + size,
				    FULL_PAGES, size);
	case LIST:
		return attach_list(make_linear(offset, size, 0), offset, size,
				   list, ARRAY_SIZE(list));
	case FRAGMENT_LIST:
		return attach_list(make_fragment(offset, size), offset, size,
				   fragment_list, ARRAY_SIZE(fragment_list));
	case DEEP_LIST:
		return attach_list(make_linear(offset, size, 0), offset, size,
				   deep_list, ARRAY_SIZE(deep_list));
	case PAGES_LIST:
		return attach_list(make_linear(offset, 0, 0), offset, size,
				   pages_list, ARRAY_SIZE(pages_list));
	case PAGES_DEEP_LIST:
		return attach_list(make_linear(offset, 0, 0), offset, size,
				   pages_deep_list,
				   ARRAY_SIZE(pages_deep_list));
	}
	return NULL;
}

/* Who else has a hand on a packet. */
enum others {
	NOBODY,
	CLONE,				/* Of all of it. */
	FORMER_CLONE,			/* Of the packets in its frag list. */
	N_OTHERS
};

static const char * const others_names[N_OTHERS] __initconst = {
	"nobody else's", "cloned", "once cloned",
};

/* Gives 'skb', with the payload from 'offset' on, such others. */
static bool __init share(struct sk_buff *skb, unsigned int offset,
			 enum others others)
{
	struct watcher *watcher = &watchers[n_watchers];

	if (others == NOBODY)
		return true;
	if (!CHECK(n_watchers < MAX_WATCHERS))
		return false;
	watcher->skb = skb_clone(skb, GFP_KERNEL);
	watcher->offset = offset;
	watcher->has_list = skb_has_frag_list(skb);
	if (!CHECK(watcher->skb != NULL))
		return false;
	n_watchers++;
	return others != FORMER_CLONE ||
	       CHECK(!pskb_expand_head(skb, 0, 0, GFP_KERNEL));
}

/*
 * Checks that 'skb' has, from 'start' on, the 'length' bytes of 'pattern' from
 * 'offset' on, and nothing behind them.
 */
static bool __init check_payload(const struct sk_buff *skb, unsigned int start,
				 unsigned int offset, unsigned int length)
{
	return CHECK_EQ(skb->len, start + length) &&
	       CHECK(!skb_copy_bits(skb, start, copied, length)) &&
	       CHECK(!memcmp(copied, pattern + offset, length));
}

/* Checks the numbers in 'skb', joined, with only pages in its frag list or not. */
static bool __init check_numbers(const struct sk_buff *skb, bool pages_only)
{
	unsigned int data_len = 0, list_truesize = 0, i, n_bad = 0, limit;
	const struct sk_buff *member;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
		data_len += skb_frag_size(&skb_shinfo(skb)->frags[i]);
	/* What is in no list, with what a buffer may have besides payload. */
	limit = SKB_TRUESIZE(skb_end_offset(skb)) + data_len +
		(skb_shinfo(skb)->nr_frags + 1) * 1024;
	skb_walk_frags(skb, member) {
		unsigned int member_data_len = 0;

		for (i = 0; i < skb_shinfo(member)->nr_frags; i++)
			member_data_len +=
				skb_frag_size(&skb_shinfo(member)->frags[i]);
		n_bad += member_data_len != member->data_len || !member->len ||
			 member->truesize < member->len ||
			 skb_has_frag_list(member) ||
			 (pages_only && skb_headlen(member));
		data_len += member->len;
		list_truesize += member->truesize;
	}
	return CHECK_EQ(n_bad, 0) &&
	       CHECK_EQ(skb->data_len, data_len) &&
	       CHECK(skb->truesize > skb->len) &&
	       CHECK(skb->truesize > list_truesize) &&
	       CHECK(skb->truesize - list_truesize <= limit);
}

/* What is made of which packets. */
struct recipe {
	const char *name;
	unsigned int size;		/* Of a buffer. */
	unsigned int n;			/* Packets. */
	unsigned int n_kinds;
	enum kind kinds[12];		/* Over and over again. */
};

static const struct recipe recipes[] __initconst = {
	{ "linear", 1460, 20, 1, { LINEAR } },
	{ "roomy", 200, 20, 1, { ROOMY } },
	{ "fragment", 1448, 20, 1, { FRAGMENT } },
	{ "pages", 333, 12, 1, { PAGES } },
	{ "linear-pages", 500, 12, 1, { LINEAR_PAGES } },
	{ "fragment-pages", 500, 12, 1, { FRAGMENT_PAGES } },
	{ "linear-full", 250, 3, 1, { LINEAR_FULL } },
	{ "fragment-full", 250, 3, 1, { FRAGMENT_FULL } },
	{ "list", 700, 8, 1, { LIST } },
	{ "fragment-list", 400, 4, 1, { FRAGMENT_LIST } },
	{ "deep-list", 300, 3, 1, { DEEP_LIST } },
	{ "large", 9000, 4, 2, { LINEAR, ROOMY } },
	{ "byte", 1, 24, 6,
	  { LINEAR, FRAGMENT_PAGES, ROOMY, LIST, LINEAR_FULL, PAGES } },
	{ "empty", 600, 12, 6,
	  { EMPTY, FRAGMENT, EMPTY, LIST, EMPTY, EMPTY } },
	{ "all", 217, 12, 12,
	  { LINEAR, LINEAR_PAGES, FRAGMENT_FULL, LIST, EMPTY, FRAGMENT,
	    DEEP_LIST, PAGES, FRAGMENT_LIST, ROOMY, LINEAR_FULL,
	    FRAGMENT_PAGES } },
	/* More buffers in a segment than a packet can have. */
	{ "small", 60, 40, 1, { LINEAR } },
	{ "small-fragment", 60, 40, 1, { FRAGMENT } },
	/* Not joined first. */
	{ "list-alone", 1000, 1, 1, { LIST } },
	{ "fragment-list-alone", 1000, 1, 1, { FRAGMENT_LIST } },
	{ "deep-list-alone", 1000, 1, 1, { DEEP_LIST } },
	{ "pages-list-alone", 300, 1, 1, { PAGES_LIST } },
	{ "pages-deep-list-alone", 300, 1, 1, { PAGES_DEEP_LIST } },
};

/*
 * Returns the packet of 'recipe', all the parts of which have such 'others', or
 * NULL.
 */
static struct sk_buff * __init cook(const struct recipe *recipe,
				    enum others others)
{
	struct sk_buff *head = NULL, *rest = NULL, **next = &rest;
	unsigned int i, offset = 0;

	for (i = 0; i < recipe->n; i++) {
		struct sk_buff *skb = make_skb(recipe->kinds[i %
							     recipe->n_kinds],
					       offset, recipe->size);

		if (!CHECK(skb != NULL))
			goto failed;
		if (i) {
			*next = skb;
			next = &skb->next;
		} else {
			head = skb;
		}
		if (!share(skb, offset, others))
			goto failed;
		offset += skb->len;
	}
	if (recipe->n > 1 && !CHECK(!stt_frag_list_join(head, rest))) {
		kfree_skb(head);
		return NULL;
	}
	if (!check_payload(head, 0, 0, offset) ||
	    (recipe->n > 1 && !check_numbers(head, false))) {
		kfree_skb(head);
		return NULL;
	}
	return head;

failed:
	kfree_skb(head);
	kfree_skb_list(rest);
	return NULL;
}

/* Puts the headers of a TCP-like packet in front of 'skb'. */
static bool __init add_headers(struct sk_buff *skb)
{
	const struct stt_segment segment = {
		.source_port = 50000,
		.destination_port = STT_DEFAULT_PORT,
		.frame_id = 0x12345678,
		.frame_length = skb->len,
	};
	struct iphdr *ip;

	if (!CHECK(!skb_cow_head(skb, HEADERS_LEN)))
		return false;
	stt_segment_write(skb_push(skb, STT_SEGMENT_HEADER_LEN), &segment);
	skb_reset_transport_header(skb);
	ip = skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->ttl = 64;
	ip->protocol = IPPROTO_TCP;
	ip->saddr = htonl(0xc0000201);
	ip->daddr = htonl(0xc0000202);
	ip->tot_len = htons(skb->len);
	ip_send_check(ip);
	eth_zero_addr(skb_push(skb, ETH_HLEN));
	skb_reset_mac_header(skb);
	memset(eth_hdr(skb), 0, ETH_HLEN);
	eth_hdr(skb)->h_proto = htons(ETH_P_IP);
	skb_reset_mac_len(skb);

	skb->protocol = htons(ETH_P_IP);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
	tcp_hdr(skb)->check = ~tcp_v4_check(segment.frame_length +
					    STT_SEGMENT_HEADER_LEN, ip->saddr,
					    ip->daddr, 0);
	return true;
}

static struct stt_fragment * __init fragment_of(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct stt_fragment) > sizeof(skb->cb));
	return (struct stt_fragment *)skb->cb;
}

/*
 * Checks the segments of the list 'segments', which were cut with the features
 * 'features', of a frame of 'length' bytes.  Returns their number, or 0 if there
 * is something wrong.
 */
static unsigned int __init check_segments(struct sk_buff *segments,
					  unsigned int length,
					  unsigned int gso_size,
					  netdev_features_t features)
{
	unsigned int offset = 0, n = 0;
	struct sk_buff *skb;

	for (skb = segments; skb; skb = skb->next) {
		unsigned int payload = min(length - offset, gso_size);
		const struct iphdr *ip = ip_hdr(skb);
		struct stt_segment segment;

		if (!CHECK(skb_headlen(skb) >= HEADERS_LEN))
			return 0;
		if (features & NETIF_F_TSO)
			payload = skb->len - HEADERS_LEN;
		if (!CHECK_EQ(stt_segment_read(skb_transport_header(skb),
					       skb->len - ETH_HLEN -
					       sizeof(*ip), &segment),
			      STT_DROP_NONE) ||
		    !CHECK_EQ(segment.frame_length, length) ||
		    !CHECK_EQ(segment.offset, offset) ||
		    !CHECK_EQ(segment.length, payload) ||
		    !check_payload(skb, HEADERS_LEN, offset, payload))
			return 0;
		if (!(features & NETIF_F_HW_CSUM) &&
		    !CHECK_EQ(tcp_v4_check(skb->len - ETH_HLEN - sizeof(*ip),
					   ip->saddr, ip->daddr,
					   skb_checksum(skb, HEADERS_LEN -
							STT_SEGMENT_HEADER_LEN,
							skb->len - HEADERS_LEN +
							STT_SEGMENT_HEADER_LEN,
							0)), 0))
			return 0;
		offset += payload;
		n++;
	}
	return CHECK_EQ(offset, length) ? n : 0;
}

/*
 * Puts the frame of 'length' bytes together again whose segments are those in
 * the list 'segments', every other one first.  Consumes them.
 */
static void __init put_together(struct sk_buff *segments, unsigned int length)
{
	const struct stt_limits limits = STT_DEFAULT_LIMITS;
	struct sk_buff *skb, *next, *later = NULL, *head = NULL;
	struct sk_buff *rest = NULL, **end = &rest;
	struct stt_key key = make_key(1, 1);
	bool odd = true;

	table = stt_reassembly_create(1, seed, &limits);
	if (!CHECK(table != NULL)) {
		kfree_skb_list(segments);
		return;
	}
	whole = NULL;
	dead = NULL;
	while (segments) {
		skb_list_walk_safe(segments, skb, next) {
			struct stt_segment segment;

			odd = !odd;
			if (odd) {
				/* For the second round, in reverse. */
				skb->next = later;
				later = skb;
				continue;
			}
			skb_mark_not_on_list(skb);
			if (skb_transport_offset(skb) > 0)
				__skb_pull(skb, skb_transport_offset(skb));
			stt_segment_read(skb->data, skb->len, &segment);
			__skb_pull(skb, STT_SEGMENT_HEADER_LEN);
			fragment_of(skb)->charge = skb->truesize;
			CHECK(!whole);
			whole = stt_reassembly_insert(table, &key, &segment,
						      fragment_of(skb), 0,
						      &dead);
		}
		segments = later;
		later = NULL;
	}
	CHECK(whole != NULL);
	CHECK(!dead);
	CHECK(!stt_reassembly_destroy(table));

	for (; whole; whole = whole->next) {
		skb = container_of((void *)whole, struct sk_buff, cb);
		skb->next = NULL;
		if (head) {
			*end = skb;
			end = &skb->next;
		} else {
			head = skb;
		}
	}
	if (!head)
		return;
	if (CHECK(!stt_frag_list_join(head, rest)) &&
	    check_payload(head, 0, 0, length) &&
	    check_numbers(head, false) &&
	    CHECK(!stt_frag_list_make_pages(head, 1000)) &&
	    check_payload(head, 0, 0, length))
		check_numbers(head, true);
	kfree_skb(head);
}

/* Cuts 'skb', of buffers of 'size' bytes, in several ways. */
static void __init cut(struct sk_buff *skb, unsigned int size, bool dodgy)
{
	static const netdev_features_t ways[] __initconst = {
		0,
		NETIF_F_SG | NETIF_F_HW_CSUM,
		NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_TSO,
	};
	const unsigned int sizes[] = {
		size, size - 1, size / 3, 5 * size, 2 * size + 1,
		24 * size + 20,
	};
	unsigned int length = skb->len, i, n;

	if (!add_headers(skb))
		return;
	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(ways); i++) {
		netdev_features_t features = ways[i % ARRAY_SIZE(ways)];
		unsigned int gso_size = sizes[i / ARRAY_SIZE(ways)];
		struct sk_buff *segments;

		/* TSO would take whole what has no frag list. */
		if (!gso_size || gso_size >= length ||
		    ((features & NETIF_F_TSO) && !skb_has_frag_list(skb)))
			continue;
		if (!CHECK(!stt_frag_list_make_pages(skb, gso_size)))
			return;
		skb_shinfo(skb)->gso_size = gso_size;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(length, gso_size);
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 |
					    (dodgy ? SKB_GSO_DODGY : 0);
		segments = skb_gso_segment(skb, features);
		if (!CHECK(!IS_ERR_OR_NULL(segments)))
			return;
		n = check_segments(segments, length, gso_size, features);
		if (n && n <= STT_MAX_SEGMENTS && (features & NETIF_F_SG) &&
		    gso_size < size)
			put_together(segments, length);
		else
			kfree_skb_list(segments);
		if (!n)
			return;
	}
}

static void __init test_frag_list_recipe(const struct recipe *recipe,
					 enum others before, enum others after)
{
	struct sk_buff *skb;
	unsigned int i, length, n_referenced = 0;

	say("%s, %s, joined %s", recipe->name, others_names[before],
	    others_names[after]);
	page_number = 0;
	page_used = 0;
	n_watchers = 0;

	skb = cook(recipe, before);
	if (skb && share(skb, 0, after)) {
		length = skb->len;
		if (CHECK(!stt_frag_list_make_pages(skb, recipe->size)) &&
		    check_payload(skb, 0, 0, length) &&
		    check_numbers(skb, true))
			cut(skb, recipe->size, after == NOBODY);
	}
	kfree_skb(skb);

	for (i = 0; i < n_watchers; i++) {
		check_payload(watchers[i].skb, 0, watchers[i].offset,
			      watchers[i].skb->len);
		CHECK_EQ(skb_has_frag_list(watchers[i].skb),
			 watchers[i].has_list);
		kfree_skb(watchers[i].skb);
	}
	for (i = 0; i < N_PAGES; i++)
		n_referenced += page_count(pages[i]) != 1;
	CHECK_EQ(n_referenced, 0);
	CHECK_EQ(atomic_read(&n_packets), 0);
}

static void __init test_frag_list(void)
{
	unsigned int i, before, after;

	for (i = 0; i < ARRAY_SIZE(recipes); i++)
		for (before = 0; before < N_OTHERS; before++)
			for (after = 0; after < N_OTHERS; after++) {
				test_frag_list_recipe(&recipes[i], before,
						      after);
				/* What is broken now may break the rest. */
				if (n_failed)
					return;
			}
}

/*
 * All of them
 */

static bool __init get_memory(void)
{
	u32 random = 1;
	unsigned int i;

	edge = vmalloc(PAGE_SIZE);
	pattern = vmalloc(PATTERN_LEN);
	copied = vmalloc(PATTERN_LEN);
	if (!edge || !pattern || !copied)
		return false;
	for (i = 0; i < PATTERN_LEN; i++) {
		random = random * 1664525 + 1013904223;
		pattern[i] = random >> 24;
	}
	for (i = 0; i < N_PAGES; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		if (!pages[i])
			return false;
	}
	return true;
}

/*
 * What was sent lately
 */

/* Pairs of addresses, and marks, are found if packets were larger than asked. */
static void __init test_sent_pairs(void)
{
	struct stt_recently_sent *sent = stt_recently_sent_create();
	struct stt_sent_pair pair = { }, reverse = { };
	u32 marks[STT_SENT_MAX_MARKS];
	unsigned int i, n;

	if (!CHECK(sent))
		return;
	pair.source.s6_addr[15] = reverse.destination.s6_addr[15] = 1;
	pair.destination.s6_addr[15] = reverse.source.s6_addr[15] = 2;
	local_bh_disable();
	CHECK_EQ(stt_recently_sent_find(sent, &pair, 0, marks), 0);

	stt_recently_sent_add(sent, &pair, 7, 1500);
	stt_recently_sent_add(sent, &pair, 7, 100);
	CHECK_EQ(stt_recently_sent_find(sent, &pair, 1500, marks), 0);
	CHECK_EQ(stt_recently_sent_find(sent, &pair, 1499, marks), 1);
	CHECK_EQ(marks[0], 7);
	CHECK_EQ(stt_recently_sent_find(sent, &reverse, 0, marks), 0);
	stt_recently_sent_add(sent, &pair, 7, 9000);
	CHECK_EQ(stt_recently_sent_find(sent, &pair, 8999, marks), 1);

	/* There is no room for more marks, and what is new gets it at times. */
	for (i = 8; i < 100; i++)
		stt_recently_sent_add(sent, &pair, i, 1000);
	CHECK_EQ(stt_recently_sent_find(sent, &pair, 0, marks),
		 STT_SENT_MAX_MARKS);

	/* A second may end meanwhile. */
	for (i = n = 0; i < 100; i++)
		n += stt_recently_sent_believe(sent, &pair);
	CHECK(n == 8 || n == 16);
	local_bh_enable();
	stt_recently_sent_destroy(sent);
}

/* Ids that were taken are known until others have been taken. */
static void __init test_sent_ids(void)
{
	unsigned int i;

	local_bh_disable();
	stt_sent_ids_take(3, 0xffffff00, 256);
	stt_sent_ids_take(3, 0, 256);
	CHECK(!stt_sent_ids_have(3, 0xfffffeff, U32_MAX));
	CHECK(stt_sent_ids_have(3, 0xffffff00, U32_MAX));
	CHECK(stt_sent_ids_have(3, 255, U32_MAX));
	CHECK(!stt_sent_ids_have(3, 256, U32_MAX));
	CHECK(!stt_sent_ids_have(4, 255, U32_MAX));
	CHECK(!stt_sent_ids_have(3, 0x10000, U32_MAX));
	CHECK(stt_sent_ids_have(3, 0x1000f, U16_MAX));
	CHECK(!stt_sent_ids_have(3, 0x10100, U16_MAX));
	for (i = 0; i < 1000; i++)
		stt_sent_ids_take(3, 0x1000 + 512 * i, 256);
	CHECK(!stt_sent_ids_have(3, 0, U32_MAX));
	CHECK(!stt_sent_ids_have(3, 0x1000 + 512 * 900, U32_MAX));
	CHECK(stt_sent_ids_have(3, 0x1000 + 512 * 990, U32_MAX));
	CHECK(stt_sent_ids_have(3, 0x1000 + 512 * 999 + 255, U32_MAX));
	CHECK(!stt_sent_ids_have(3, 0x1000 + 512 * 999 + 256, U32_MAX));

	/* Those of one counter stay known while others take some. */
	stt_sent_ids_take(5, 0x2000, 256);
	stt_sent_ids_take(3, 0x7000000, 256);
	stt_sent_ids_take(5, 0x2100, 256);
	CHECK(stt_sent_ids_have(5, 0x2000, U32_MAX));
	CHECK(stt_sent_ids_have(5, 0x21ff, U32_MAX));
	CHECK(stt_sent_ids_have(3, 0x7000000, U32_MAX));
	CHECK(!stt_sent_ids_have(5, 0x7000000, U32_MAX));
	local_bh_enable();
}

static void __init free_memory(void)
{
	unsigned int i;

	for (i = 0; i < N_PAGES; i++)
		if (pages[i])
			put_page(pages[i]);
	vfree(copied);
	vfree(pattern);
	vfree(edge);
}

/* Returns 0 if all is well, -EINVAL if not, or -ENOMEM. */
int __init stt_selftest(void)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] __initconst = {
		{ "hash", test_hash },
		{ "segment header", test_segment_header },
		{ "segment bounds", test_segment_bounds },
		{ "segment arithmetic", test_segment_arithmetic },
		{ "frame header", test_frame_header },
		{ "frame VLAN", test_frame_vlan },
		{ "inner packet", test_inner },
		{ "describe", test_describe },
		{ "check offload", test_check_offload },
		{ "reassembly order", test_reassembly_order },
		{ "reassembly key", test_reassembly_key },
		{ "reassembly overlap", test_reassembly_overlap },
		{ "reassembly limits", test_reassembly_limits },
		{ "reassembly age", test_reassembly_age },
		{ "reassembly destroy", test_reassembly_destroy },
		{ "frag list", test_frag_list },
		{ "sent pairs", test_sent_pairs },
		{ "sent ids", test_sent_ids },
	};
	int err = -ENOMEM;
	unsigned int i;

	if (get_memory()) {
		for (i = 0; i < ARRAY_SIZE(tests); i++) {
			test_name = tests[i].name;
			*context = '\0';
			tests[i].run();
		}
		err = n_failed ? -EINVAL : 0;
	}
	free_memory();
	if (err)
		pr_err("stt: self-test failed: %u of %u checks\n", n_failed,
		       n_checks);
	else
		pr_info("stt: self-test passed: %zu tests, %u checks\n",
			ARRAY_SIZE(tests), n_checks);
	return err;
}
