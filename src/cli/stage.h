/* A lab on stage: the environment, the trace, the captures and the world of one run, made and taken
 * down as one. Both `run` and `browse` play on it. */
#ifndef CLI_STAGE_H
#define CLI_STAGE_H

#include "cli/cli.h"
#include "lab/world.h"

struct captures;
struct trace_printer;

struct stage {
    struct lab *lab;
    struct env *env;
    struct trace trace;
    struct world *world;
    struct captures *captures;
    struct trace_printer *printer;
    bool is_realtime;
};

/* Builds the lab at `path` as the options say, silent as yet. Prints what is wrong and returns
 * false. */
bool stage_set(struct stage *stage, const char *path, const struct options *options);

/* Starts the services. The same about what is wrong. */
bool stage_start(struct stage *stage);

/* Runs until `until_ns`, until *stop, or in real time until a signal. */
void stage_run(struct stage *stage, uint64_t until_ns, const bool *stop);
bool stage_was_interrupted(const struct stage *stage);

/* Takes everything down. False when a capture could not be written (it was said then). */
bool stage_clear(struct stage *stage);

#endif
