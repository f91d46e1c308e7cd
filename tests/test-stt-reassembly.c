/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of reassembly: single rules, random input compared with a model, and
 * threads. */

#include <config.h>

#include "reassembly-tests.h"
#include "stt-test.h"
#include "unit/unit-tests.h"

int
main(int argc, char *argv[])
{
    static const struct test_command commands[] = {
        UNIT_TESTS_OF_REASSEMBLY(TEST_COMMAND)
        TESTS_OF_REASSEMBLY(TEST_COMMAND)
    };

    return test_main(argc, argv, commands, ARRAY_SIZE(commands));
}
