#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Process-wide on purpose: it is only read when the process is about to end. */
static _Thread_local uint64_t current_seed;

void check_set_seed(uint64_t seed)
{
    current_seed = seed;
}

void check_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "orrery: internal error at %s:%d: CHECK(%s) failed (seed %" PRIu64 ")\n", file,
            line, condition, current_seed);
    abort();
}
