/* What the files of host/ share. */
#ifndef HOST_HOST_INTERNAL_H
#define HOST_HOST_INTERNAL_H

#include "base/list.h"
#include "env/env.h"
#include "host/host.h"

/* Something that the loop waits for. Embedded in its owner. */
struct host_source {
    int fd;
    void (*on_ready)(struct host_source *source);
};

struct host {
    struct env env;
    int epoll_fd;
    struct host_source timer;   /* a timerfd: the next event */
    struct host_source signals; /* a signalfd */
    bool has_started;
    bool is_interrupted;
    uint64_t start_ns; /* of the monotonic clock, at now_ns 0 */
    uint64_t armed_ns; /* the timer is set to this, by the monotonic clock; 0: off */
    uint64_t lag_ns;
    uint64_t until_ns;          /* of this run */
    const bool *stop;           /* of this run; may be NULL */
    struct list devices;        /* struct frame_device */
    struct list closed_devices; /* freed when nobody can be looking at them */
    uint64_t frames_lost;
    uint8_t frame[PACKET_MAX_LEN]; /* where one is read to */
};

/* Adds a source to the loop. Its descriptor leaves by being closed or by host_unwatch(). */
enum status host_watch(struct host *host, struct host_source *source) MUST_CHECK;
void host_unwatch(struct host *host, struct host_source *source);

/* Lets what was deferred since the last event happen; for a source, when it has announced. */
void host_settle(struct host *host);
bool host_is_stopped(const struct host *host);

/* --- files.c --- */
enum status host_read_file(struct env *env, const char *path, size_t limit,
                           struct file_content *content);

/* The status for an errno of a system call about a path. */
enum status host_path_status(int error);

/* --- tap.c --- */
enum status tap_open(struct env *env, const char *name,
                     void (*on_frame)(void *owner, struct packet *packet), void *owner,
                     struct frame_device **device);
void tap_send(struct frame_device *device, struct packet *packet);
void tap_close(struct frame_device *device);
void tap_close_all(struct host *host);
void tap_free_closed(struct host *host);

#endif
