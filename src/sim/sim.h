/* The virtual environment: time jumps from event to event.
 *
 * Nothing here waits. The same world with the same seed runs through the same events with the same
 * times on every machine.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "env/env.h"

/* `files` provides read_file (may be NULL: no files); it is borrowed. Free with sim_env_free(). */
struct env *sim_env_new(uint64_t seed, uint64_t epoch_unix_s, const struct env_ops *files);
void sim_env_free(struct env *env);

/* Runs events until none is left that is due at or before `until_ns`, or until *stop becomes true
 * (checked before each event; may be NULL). The clock stays at the last event. */
void sim_run(struct env *env, uint64_t until_ns, const bool *stop);

/* The same without `stop`, and then moves the clock to `until_ns`: for whoever acts at a time at
 * which nothing else happens. */
void sim_advance(struct env *env, uint64_t until_ns);

#endif
