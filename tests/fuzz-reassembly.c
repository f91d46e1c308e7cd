/* SPDX-License-Identifier: Apache-2.0 */

/* Fuzz target for reassembly.  The input is a program: one byte that chooses
 * the number of shards, then operations of one byte each with their operands
 * (see run_operation()).  Everything is checked that reassembly-watch.h
 * checks, and with one shard the results are compared with the model's. */

#include "stt-reassembly.h"

/* What is new to the fuzzer shall be what is new in lib/, not here. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), \
                             apply_to = function)

#include "reassembly-model.h"
#include "stt-test.h"
#include "unit/reassembly-watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct program {
    const uint8_t *data;
    size_t left;
    uint64_t now;
    struct watch watch;
    struct model model;
    bool with_model;
    struct outcome expected;    /* By the model. */
};

/* Returns the next 'n' bytes as a number; 0 for those behind the end. */
static uint32_t
next(struct program *program, int n)
{
    uint32_t x = 0;

    while (n--) {
        x <<= 8;
        if (program->left) {
            x |= *program->data++;
            program->left--;
        }
    }
    return x;
}

static void
compare(struct program *program)
{
    if (program->with_model) {
        outcome_check(&program->watch.outcome, &program->expected);
    }
}

/* Puts in a segment: source, frame id (one byte that chooses both and small
 * differences), offset, length and frame length (two bytes each), and the
 * charge in units of 256 bytes. */
static void
insert(struct program *program)
{
    uint8_t which = next(program, 1);
    struct stt_key key = {
        .source = { [15] = which & 3 },
        .destination = { [0] = which >> 2 & 1 },
        .domain = which >> 3 & 1,
        .frame_id = which >> 4 & 3,
        .source_port = which >> 6 & 1,
        .destination_port = which >> 7 & 1,
    };
    struct stt_segment segment = {
        .source_port = key.source_port,
        .destination_port = key.destination_port,
        .frame_id = key.frame_id,
    };
    uint32_t charge;
    uint64_t id = program->watch.next_id;

    segment.offset = next(program, 2);
    segment.length = next(program, 2);
    segment.frame_length = next(program, 2);
    charge = next(program, 1) * 256;
    if (stt_segment_check(&segment) || stt_segment_is_frame(&segment)) {
        return;
    }
    watch_insert(&program->watch, &key, &segment, charge, program->now);
    if (program->with_model) {
        model_insert(&program->model, &key, &segment, charge, program->now,
                     id, &program->expected);
    }
    compare(program);
}

static void
run_operation(struct program *program)
{
    struct stt_limits limits = program->watch.limits;
    uint8_t operation = next(program, 1);

    switch (operation >> 5) {
    default:
        insert(program);
        return;

    case 4:
        /* Time passes. */
        program->now += operation & 31;
        return;

    case 5:
        watch_expire(&program->watch, program->now);
        if (program->with_model) {
            model_expire(&program->model, program->now, &program->expected);
        }
        compare(program);
        return;

    case 6:
        limits.frames = operation & 31;
        limits.age = next(program, 1);
        break;

    case 7:
        limits.bytes = next(program, 1) * 512;
        limits.bytes_per_source = (operation & 31) * 1024;
        break;
    }
    watch_set_limits(&program->watch, &limits);
    program->model.limits = limits;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t seed[2] = { 1, 2 };
    const struct stt_limits limits = {
        .bytes = 100000, .bytes_per_source = 30000, .frames = 20, .age = 100,
    };
    struct program program = { .data = data, .left = size };
    uint32_t n_shards = 1 << next(&program, 1) % 3;

    watch_init(&program.watch, n_shards, seed, &limits);
    program.model.limits = limits;
    program.with_model = n_shards == 1;
    while (program.left) {
        run_operation(&program);
    }
    watch_destroy(&program.watch);
    if (program.with_model) {
        model_destroy(&program.model, &program.expected);
        compare(&program);
    }
    outcome_destroy(&program.watch.outcome);
    outcome_destroy(&program.expected);
    return 0;
}

#pragma clang attribute pop
