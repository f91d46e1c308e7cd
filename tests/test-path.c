/* SPDX-License-Identifier: Apache-2.0 */

/* placeholder main, generator below */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "path/judge.h"
#include "path/switch.h"

int
main(int argc, char *argv[])
{
    static const char *const verdicts[] = {
        "intact", "dropped", "unjudged", "impossible", "WRONG" };
    struct path_case path;
    char why[256];
    bool tso = !strcmp(argv[1], "tso");

    switch_init(tso);
    for (int i = 2; i < argc; i++) {
        if (!path_case_parse(&path, argv[i], why, sizeof why)) {
            puts(why);
            return 2;
        }
        enum verdict v = judge_case(&path, tso, why, sizeof why);
        printf("%s: %s %s\n", argv[i], verdicts[v], why);
    }
    return 0;
}
