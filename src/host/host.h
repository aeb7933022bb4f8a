/* The real environment: the wall clock, epoll, TAP devices, files.
 *
 * With own stacks and links above it, a lab runs in real time and real programs attach to it.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "env/env.h"

/* now_ns counts from this call, by the monotonic clock. STATUS_IO when the system refuses. */
enum status host_env_new(uint64_t seed, struct env **env) MUST_CHECK;
void host_env_free(struct env *env);

/* Runs until `until_ns`, until *stop (may be NULL), or until SIGINT or SIGTERM. An event that is
 * late is fired as soon as possible, with the clock at its own time only if that is not before the
 * last event's. Returns the greatest lag seen, in nanoseconds. */
uint64_t host_run(struct env *env, uint64_t until_ns, const bool *stop);

/* The lag so far: how far an event was fired after its time. */
uint64_t host_env_lag_ns(const struct env *env);

/* read_file of env_ops for any environment: real files, regular ones only. Borrowed for ever. */
const struct env_ops *host_files(void);

#endif
