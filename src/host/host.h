/* The real environment: the wall clock, epoll, TAP devices, files.
 *
 * With own stacks and links above it, a lab runs in real time and real programs attach to it.
 *
 * Frame devices are TAPs: open_frame_device() attaches to the persistent TAP of that name or
 * creates one in the network namespace of the process, and sets it up if it may (else somebody says
 * `ip link set NAME up`). Beside the statuses of env.h it returns STATUS_IN_USE (somebody else is
 * attached) and STATUS_INVALID (not a name for an interface, or one that is no TAP);
 * STATUS_NOT_FOUND means that the machine has no /dev/net/tun.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "env/env.h"

/* now_ns is 0 until the first host_run() and then follows the monotonic clock, also between runs:
 * what it takes to build a world is not a lag. STATUS_IO when the system refuses. */
enum status host_env_new(uint64_t seed, struct env **env) MUST_CHECK;
void host_env_free(struct env *env); /* closes its frame devices */

/* Runs until `until_ns`, until *stop (may be NULL), or until SIGINT or SIGTERM. An event that is
 * late is fired as soon as possible, in the canonical order, with the clock at its own time unless
 * that is before the last event's. Returns the greatest lag so far, in nanoseconds.
 *
 * The two signals are blocked for this thread during the run only: a second one, afterwards, acts
 * as usual. */
uint64_t host_run(struct env *env, uint64_t until_ns, const bool *stop);

/* Whether a signal ended the last run. */
bool host_was_interrupted(const struct env *env);

/* The lag so far: how far an event was fired after its time. */
uint64_t host_env_lag_ns(const struct env *env);

/* Frames that the machine did not take or that could not be read: the interface was down or its
 * buffers full. */
uint64_t host_env_frames_lost(const struct env *env);

/* read_file of env_ops for any environment: real files, regular ones only (else STATUS_INVALID).
 * Borrowed for ever. */
const struct env_ops *host_files(void);

#endif
