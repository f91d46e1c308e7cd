/* SPDX-License-Identifier: Apache-2.0 */
#include "path/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ins[] = {
    "tap", "socket", "nic", "stt", "stt-reversed", "stt-whole",
};
static const char *const ips[] = {
    "4", "4-options", "6", "6-extension", "arp",
};
static const char *const l4s[] = {
    "tcp", "tcp-options", "udp", "sctp", "icmp",
};
static const char *const inners[] = { "none", "vxlan", "gre", "ipip" };
static const char *const checksums[] = {
    "complete", "partial", "wrong", "valid",
};
static const char *const gsos[] = {
    "none", "tcp", "tcp-ecn", "udp", "udp-fragments",
};
static const char *const actions[] = {
    "none", "push-vlan", "push-service-vlan", "pop-vlan", "push-mpls",
    "pop-mpls", "add-mpls", "push-nsh", "pop-nsh", "set-ethernet", "set-ip",
    "set-ttl", "set-l4", "trunc", "recirc", "copy",
};
static const char *const tunnels[] = {
    "none", "stt4", "stt6", "vxlan4", "vxlan6", "vxlan4-checksum",
    "vxlan6-checksum", "geneve4", "geneve6", "geneve4-checksum",
    "geneve6-checksum", "gre4", "gre6", "gre4-checksum", "gre6-checksum",
    "erspan4", "erspan6", "gtpu4", "gtpu6", "srv6",
};
static const char *const outs[] = {
    "nic", "nic-checksum", "nic-tso", "nic-tunnel", "nic-outer", "tap",
    "socket",
};
_Static_assert(sizeof ins == N_INS * sizeof *ins, "names of ways in");
_Static_assert(sizeof ips == N_IPS * sizeof *ips, "names of IP headers");
_Static_assert(sizeof l4s == N_L4S * sizeof *l4s, "names of protocols");
_Static_assert(sizeof inners == N_INNERS * sizeof *inners,
               "names of inner tunnels");
_Static_assert(sizeof checksums == N_CHECKSUMS * sizeof *checksums,
               "names of checksums' states");
_Static_assert(sizeof gsos == N_SEGMENTS * sizeof *gsos,
               "names of segmentations");
_Static_assert(sizeof actions == N_ACTIONS * sizeof *actions,
               "names of actions");
_Static_assert(sizeof tunnels == N_TUNNELS * sizeof *tunnels,
               "names of tunnels");
_Static_assert(sizeof outs == N_OUTS * sizeof *outs, "names of ways out");

/* A member of struct path_case.  'n' is how many values it has; those of one
 * with names are written as these. */
static const struct member {
    const char *name;
    size_t offset;
    uint32_t n;
    const char *const *names;
    uint32_t initial;
    bool rare;                  /* Shall a fuzzer mostly leave it alone? */
} members[] = {
#define MEMBER(NAME, N, NAMES, INITIAL)                                 \
    { #NAME, offsetof(struct path_case, NAME), N, NAMES, INITIAL, false }
#define RARE_MEMBER(NAME, N, NAMES, INITIAL)                            \
    { #NAME, offsetof(struct path_case, NAME), N, NAMES, INITIAL, true }
    MEMBER(in, N_INS, ins, IN_TAP),
    MEMBER(tags, 4, NULL, 0),
    MEMBER(service_tag, 2, NULL, 0),
    MEMBER(put_back, 2, NULL, 0),
    MEMBER(ip, N_IPS, ips, IP_4),
    MEMBER(l4, N_L4S, l4s, L4_TCP),
    MEMBER(inner, N_INNERS, inners, INNER_NONE),
    MEMBER(inner_ip, IP_6 + 1, ips, IP_4),
    MEMBER(size, 65600, NULL, 128),
    MEMBER(padding, 64, NULL, 0),
    MEMBER(checksum, N_CHECKSUMS, checksums, CHECKSUM_COMPLETE),
    MEMBER(gso, N_SEGMENTS, gsos, SEGMENT_NONE),
    MEMBER(segment, 65536, NULL, 1000),
    MEMBER(cwr, 2, NULL, 0),
    RARE_MEMBER(cut, 65536, NULL, 0),
    RARE_MEMBER(shift, 65536, NULL, 0),
    MEMBER(action[0], N_ACTIONS, actions, ACTION_NONE),
    MEMBER(action[1], N_ACTIONS, actions, ACTION_NONE),
    MEMBER(action[2], N_ACTIONS, actions, ACTION_NONE),
    MEMBER(action[3], N_ACTIONS, actions, ACTION_NONE),
    MEMBER(max_len, 65536, NULL, 64),
    MEMBER(tunnel[0], N_TUNNELS, tunnels, TUNNEL_NONE),
    MEMBER(tunnel[1], N_TUNNELS, tunnels, TUNNEL_NONE),
    MEMBER(out, N_OUTS, outs, OUT_NIC),
    MEMBER(vlan_limit, 3, NULL, 1),
#undef MEMBER
#undef RARE_MEMBER
};
enum { N_MEMBERS = sizeof members / sizeof *members };

static uint32_t *
value_of(struct path_case *path, const struct member *member)
{
    return (uint32_t *) (void *) ((char *) path + member->offset);
}

/* Makes 'path' the plainest case. */
void
path_case_init(struct path_case *path)
{
    for (size_t i = 0; i < N_MEMBERS; i++) {
        *value_of(path, &members[i]) = members[i].initial;
    }
}

static bool
parse_value(const struct member *member, const char *text, uint32_t *value)
{
    char *end;

    if (!member->names) {
        *value = strtoul(text, &end, 10);
        return *text && !*end && *value < member->n;
    }
    for (*value = 0; *value < member->n; ++*value) {
        if (!strcmp(member->names[*value], text)) {
            return true;
        }
    }
    return false;
}

/* Makes 'path' what 'text' says, which is like what path_case_format() writes.
 * If that is not possible returns false and writes why into the 'error_size'
 * bytes at 'error'. */
bool
path_case_parse(struct path_case *path, const char *text, char *error,
                size_t error_size)
{
    char *copy = strdup(text), *rest = NULL, *word;
    bool ok = true;

    path_case_init(path);
    for (word = strtok_r(copy, " ", &rest); word && ok;
         word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        size_t i;

        if (equals) {
            *equals = '\0';
        }
        for (i = 0; i < N_MEMBERS; i++) {
            if (!strcmp(members[i].name, word)) {
                break;
            }
        }
        ok = (equals && i < N_MEMBERS
              && parse_value(&members[i], equals + 1,
                             value_of(path, &members[i])));
        if (!ok) {
            snprintf(error, error_size, "%s%s%s", word, equals ? "=" : "",
                     equals ? equals + 1 : "");
        }
    }
    free(copy);
    return ok;
}

/* Writes 'path' into the 'size' bytes at 'text', as words "MEMBER=VALUE" for
 * those members that are not as in the plainest case. */
void
path_case_format(const struct path_case *path, char *text, size_t size)
{
    struct path_case copy = *path;
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < N_MEMBERS; i++) {
        const struct member *member = &members[i];
        uint32_t value = *value_of(&copy, member);

        if (value == member->initial || used >= size) {
            continue;
        }
        if (member->names && value < member->n) {
            used += snprintf(text + used, size - used, "%s%s=%s",
                             used ? " " : "", member->name,
                             member->names[value]);
        } else {
            used += snprintf(text + used, size - used, "%s%s=%u",
                             used ? " " : "", member->name, value);
        }
    }
}

/* Makes 'path' one that the 'size' bytes at 'data' choose: those members with
 * up to 256 values take one, others two. */
void
path_case_from_bytes(struct path_case *path, const uint8_t *data, size_t size)
{
    path_case_init(path);
    for (size_t i = 0, used = 0; i < N_MEMBERS; i++) {
        size_t n = members[i].n <= 256 ? 1 : 2;
        uint32_t value = 0;

        if (used + n > size) {
            return;
        }
        for (; n; n--) {
            value = value << 8 | data[used++];
        }
        if (members[i].rare && value > UINT8_MAX) {
            value = members[i].initial;
        }
        *value_of(path, &members[i]) = value % members[i].n;
    }
}
