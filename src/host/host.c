/* The loop of the real environment.
 *
 * The event queue says what is due; the monotonic clock says what time it is. A turn fires what is
 * due, in the canonical order and each at its own time, sleeps until the next event or until a
 * descriptor is ready, and then lets the ready ones speak. The world's clock moves to the present
 * only when nothing is due before it: so it never runs ahead of an event, and when the machine
 * is too slow, the world goes on in order, only late. That lag is measured.
 *
 * Both halves of a turn are bounded, so that neither a flood of frames starves the timers nor a
 * world that lags starves the signals. The sleep is a timerfd, which has no slack, where the
 * timeout of epoll_wait() would count in milliseconds.
 */
#include "host/host_internal.h"

#include "base/check.h"
#include "base/memory.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 128, SOURCES_PER_TURN = 16 };
#define NS_PER_S UINT64_C(1000000000)

static const struct env_ops host_ops = {
    .read_file = host_read_file,
    .open_frame_device = tap_open,
    .send_frame = tap_send,
    .close_frame_device = tap_close,
};

/* --- the clock --- */

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void host_start_clock(struct host *host)
{
    if (!host->has_started) {
        host->has_started = true;
        host->start_ns = monotonic_ns() - host->env.now_ns;
    }
}

static uint64_t host_clock_ns(const struct host *host)
{
    return monotonic_ns() - host->start_ns;
}

/* The present, as far as this run goes. */
static uint64_t host_present_ns(const struct host *host)
{
    uint64_t ns = host_clock_ns(host);
    return ns < host->until_ns ? ns : host->until_ns;
}

/* Whether nothing is due at or before `ns`. */
static bool host_is_idle_until(const struct host *host, uint64_t ns)
{
    const struct event *first = event_queue_first(&host->env.queue);
    return !first || first->at_ns > ns;
}

static void host_move_clock(struct host *host, uint64_t ns)
{
    if (ns > host->env.now_ns && host_is_idle_until(host, ns)) {
        host->env.now_ns = ns;
    }
}

/* --- events --- */

bool host_is_stopped(const struct host *host)
{
    return host->is_interrupted || (host->stop && *host->stop);
}

static void host_note_lag(struct host *host, uint64_t clock_ns)
{
    const struct event *first = event_queue_first(&host->env.queue);
    bool is_late = first && first->at_ns <= host->until_ns && first->at_ns < clock_ns;
    if (is_late && clock_ns - first->at_ns > host->lag_ns) {
        host->lag_ns = clock_ns - first->at_ns;
    }
}

/* Fires what is due now, within bounds. False when something due may be left. */
static bool host_fire_due(struct host *host)
{
    for (int i = 0; i < EVENTS_PER_TURN; i++) {
        if (host_is_stopped(host)) {
            return false;
        }
        uint64_t clock_ns = host_clock_ns(host);
        host_note_lag(host, clock_ns);
        if (!env_step(&host->env, clock_ns < host->until_ns ? clock_ns : host->until_ns)) {
            return true;
        }
    }
    return false;
}

void host_settle(struct host *host)
{
    (void)env_step(&host->env, host->env.now_ns);
}

/* --- sleeping --- */

enum status host_watch(struct host *host, struct host_source *source)
{
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = source};
    return epoll_ctl(host->epoll_fd, EPOLL_CTL_ADD, source->fd, &interest) == 0 ? STATUS_OK
                                                                                : STATUS_IO;
}

void host_unwatch(struct host *host, struct host_source *source)
{
    (void)epoll_ctl(host->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

static void timer_on_ready(struct host_source *source)
{
    struct host *host = container_of(source, struct host, timer);
    uint64_t expirations;
    if (read(source->fd, &expirations, sizeof expirations) > 0) {
        host->armed_ns = 0;
    }
}

static void signals_on_ready(struct host_source *source)
{
    struct host *host = container_of(source, struct host, signals);
    struct signalfd_siginfo info;
    if (read(source->fd, &info, sizeof info) > 0) {
        host->is_interrupted = true;
    }
}

/* Sets the timer to the next event or the end of the run, whichever comes first. */
static void host_arm_timer(struct host *host)
{
    const struct event *first = event_queue_first(&host->env.queue);
    uint64_t wake_ns = first && first->at_ns < host->until_ns ? first->at_ns : host->until_ns;
    uint64_t at_ns = wake_ns < UINT64_MAX / 4 ? host->start_ns + wake_ns : 0; /* 0: never */
    if (at_ns == host->armed_ns) {
        return;
    }
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(at_ns / NS_PER_S), .tv_nsec = (long)(at_ns % NS_PER_S)}};
    CHECK(timerfd_settime(host->timer.fd, TFD_TIMER_ABSTIME, &when, NULL) == 0);
    host->armed_ns = at_ns;
}

/* Waits (or only looks) and returns how many sources are ready. */
static int host_wait(struct host *host, bool may_sleep, struct epoll_event *ready)
{
    if (may_sleep) {
        host_arm_timer(host);
    }
    int n_ready = epoll_wait(host->epoll_fd, ready, SOURCES_PER_TURN, may_sleep ? -1 : 0);
    CHECK(n_ready >= 0 || errno == EINTR);
    return n_ready > 0 ? n_ready : 0;
}

/* --- running --- */

static void host_let_speak(struct host *host, const struct epoll_event *ready, int n_ready)
{
    for (int i = 0; i < n_ready && !host_is_stopped(host); i++) {
        struct host_source *source = ready[i].data.ptr;
        source->on_ready(source);
    }
    tap_free_closed(host);
}

static void host_turn(struct host *host)
{
    bool is_idle = host_fire_due(host);
    uint64_t present_ns = host_present_ns(host);
    if (host_is_stopped(host) || (is_idle && present_ns >= host->until_ns)) {
        return;
    }
    struct epoll_event ready[SOURCES_PER_TURN];
    int n_ready = host_wait(host, is_idle, ready);
    (void)host_fire_due(host); /* what fell due during the sleep is before what came in */
    host_move_clock(host, host_present_ns(host));
    host_let_speak(host, ready, n_ready);
}

/* Whether the run has reached its end: no event is left before it. */
static bool host_is_done(const struct host *host)
{
    return host->env.now_ns >= host->until_ns && host_is_idle_until(host, host->until_ns) &&
           !host->env.queue.deferred_first;
}

static sigset_t ending_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

uint64_t host_run(struct env *env, uint64_t until_ns, const bool *stop)
{
    struct host *host = container_of(env, struct host, env);
    sigset_t ending = ending_signals(), before;
    CHECK(pthread_sigmask(SIG_BLOCK, &ending, &before) == 0);
    host_start_clock(host);
    host->until_ns = until_ns;
    host->stop = stop;
    host->is_interrupted = false;
    while (!host_is_stopped(host) && !host_is_done(host)) {
        host_turn(host);
        host_move_clock(host, host_present_ns(host));
    }
    host->stop = NULL;
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return host->lag_ns;
}

bool host_was_interrupted(const struct env *env)
{
    return container_of(env, const struct host, env)->is_interrupted;
}

uint64_t host_env_lag_ns(const struct env *env)
{
    return container_of(env, const struct host, env)->lag_ns;
}

uint64_t host_env_frames_lost(const struct env *env)
{
    return container_of(env, const struct host, env)->frames_lost;
}

/* --- birth and death --- */

static void close_if_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static void host_free(struct host *host)
{
    close_if_open(host->epoll_fd);
    close_if_open(host->timer.fd);
    close_if_open(host->signals.fd);
    env_fini(&host->env);
    free(host);
}

enum status host_env_new(uint64_t seed, struct env **env)
{
    struct host *host = memory_new(sizeof *host);
    sigset_t ending = ending_signals();
    env_init(&host->env, &host_ops, seed, (uint64_t)time(NULL));
    list_init(&host->devices);
    list_init(&host->closed_devices);
    host->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    host->timer = (struct host_source){timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
                                       timer_on_ready};
    host->signals =
        (struct host_source){signalfd(-1, &ending, SFD_NONBLOCK | SFD_CLOEXEC), signals_on_ready};
    if (host->epoll_fd < 0 || host_watch(host, &host->timer) != STATUS_OK ||
        host_watch(host, &host->signals) != STATUS_OK) {
        host_free(host);
        return STATUS_IO;
    }
    *env = &host->env;
    return STATUS_OK;
}

void host_env_free(struct env *env)
{
    struct host *host = container_of(env, struct host, env);
    tap_close_all(host);
    tap_free_closed(host);
    host_free(host);
}
