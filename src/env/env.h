/* The environment: all that protocol code may know of the world outside it.
 *
 * This folder is the lower of the two seams of the house. Whoever runs a world makes one `struct
 * env`: sim/ (virtual clock) or host/ (wall clock, epoll, TAP). Protocol code reads the time, arms
 * events, takes packets and draws random numbers here and nowhere else, and so cannot tell which of
 * the two it runs in.
 *
 * Times are nanoseconds since the start of the run (uint64_t, suffix _ns). One thread per world.
 */
#ifndef ENV_ENV_H
#define ENV_ENV_H

#include "base/bytes.h"
#include "base/packet.h"
#include "base/prng.h"
#include "base/status.h"
#include "env/event_queue.h"

#include <stdbool.h>
#include <stdint.h>

struct env;
struct frame_device;

/* 2025-01-01T00:00:00Z: what virtual time 0 is unless a lab says otherwise. */
#define ENV_DEFAULT_EPOCH_UNIX_S UINT64_C(1735689600)

/* A file's whole content. Owned: release with free(content.chars). */
struct file_content {
    char *chars; /* NUL-terminated for convenience; may contain NULs */
    size_t len;
};

/* What the provider of an environment implements. */
struct env_ops {
    /* Reads the regular file at `path`, relative to the working directory. STATUS_NOT_FOUND,
     * STATUS_LIMIT (larger than `limit` bytes), STATUS_PERMISSION, STATUS_IO. */
    enum status (*read_file)(struct env *env, const char *path, size_t limit,
                             struct file_content *content);

    /* Opens a device that moves whole Ethernet frames to and from the machine (a TAP). The device
     * calls on_frame for each frame that comes in; it lives until closed or until the environment
     * ends. STATUS_UNSUPPORTED where time is virtual, STATUS_PERMISSION, STATUS_NOT_FOUND. */
    enum status (*open_frame_device)(struct env *env, const char *name,
                                     void (*on_frame)(void *owner, struct packet *packet),
                                     void *owner, struct frame_device **device);
    /* Takes ownership of the packet. */
    void (*send_frame)(struct frame_device *device, struct packet *packet);
    void (*close_frame_device)(struct frame_device *device);
};

struct env {
    uint64_t now_ns;       /* since the start of the run; only the provider moves it */
    uint64_t epoch_unix_s; /* the wall-clock second at which now_ns is 0 */
    uint64_t seed;
    uint64_t events_fired;
    struct event_queue queue;
    struct packet_pool *packets;
    const struct env_ops *ops;
};

/* For providers: `ops` is borrowed and lives as long as the environment. */
void env_init(struct env *env, const struct env_ops *ops, uint64_t seed, uint64_t epoch_unix_s);
void env_fini(struct env *env); /* every packet is back and every owner of an event gone */

/* Fires `event` at `at_ns`, moving it if it is pending. A time that is not in the future means: as
 * soon as the running event is done, in the order of arming. */
static inline void env_arm(struct env *env, struct event *event, uint64_t at_ns)
{
    if (at_ns > env->now_ns) {
        event_queue_arm(&env->queue, event, at_ns);
    } else {
        event_queue_defer(&env->queue, event);
    }
}

/* Runs `event` right after the running event: the way not to re-enter a caller. */
static inline void env_defer(struct env *env, struct event *event)
{
    event_queue_defer(&env->queue, event);
}

static inline void env_cancel(struct env *env, struct event *event)
{
    if (event_is_armed(event)) {
        event_queue_cancel(&env->queue, event);
    }
}

/* For providers. Fires everything deferred; then, when an event of the heap is due at or before
 * `limit_ns`, moves the clock to it (never backwards), fires it and everything it defers, and
 * returns true. */
bool env_step(struct env *env, uint64_t limit_ns);

#endif
