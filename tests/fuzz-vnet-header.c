/* SPDX-License-Identifier: Apache-2.0 */

/* Fuzz target for what guests write in front of their packets.  The input is a
 * tunnel, a device to send on and how the packet comes in, one byte each, and
 * then a vnet header and a packet, whatever they say. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "path/judge.h"
#include "path/switch.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHOICES = 3 };           /* Bytes in front of the vnet header. */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void) argc;
    (void) argv;
    switch_init(true);
    /* libFuzzer looks after inputs that take too long, unless somebody else
     * handles its alarm, as Open vSwitch does. */
    signal(SIGALRM, SIG_DFL);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct path_case path;
    char why[256];

    if (size < CHOICES) {
        return 0;
    }
    path_case_init(&path);
    path.tunnel[0] = data[0] % N_TUNNELS;
    path.out = data[1] % N_OUTS;
    path.in = data[2] & 1 ? IN_SOCKET : IN_TAP;
    path.put_back = path.in == IN_SOCKET && data[2] & 2;
    path.vlan_limit = 1 + (data[2] >> 2 & 1);
    if (judge_raw(&path, data + CHOICES, size - CHOICES, why, sizeof why)
        == VERDICT_WRONG) {
        char text[512];

        path_case_format(&path, text, sizeof text);
        fprintf(stderr, "ERROR: %s\nby '%s'\n", why, text);
        abort();
    }
    return 0;
}
