/* SPDX-License-Identifier: Apache-2.0 */

/* Fuzz target for the userspace datapath: the input is a case, as
 * path_case_from_bytes() reads it. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "path/judge.h"
#include "path/switch.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

    path_case_from_bytes(&path, data, size);
    if (judge_case(&path, true, why, sizeof why) == VERDICT_WRONG) {
        char text[512];

        path_case_format(&path, text, sizeof text);
        fprintf(stderr, "ERROR: %s\ntest-path tso case '%s'\n", why, text);
        abort();
    }
    return 0;
}
