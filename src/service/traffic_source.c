#include "service/traffic_source.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdlib.h>

enum { BLOCK_SIZE = 16384 };

/* What is sent. Its content means nothing, so that one block serves every source of every world. */
static const uint8_t BLOCK[BLOCK_SIZE];

struct traffic_source {
    struct sockets *sockets;
    struct endpoint to;
    struct timer timer; /* until the start; then between datagrams */
    bool is_done;
    enum status error;
    struct traffic_source_counts counts;

    struct stream *stream; /* of a stream source, once started */
    uint64_t bytes_left;

    struct datagram_socket *socket; /* of a datagram source, once started */
    uint64_t next_ns;
    uint64_t interval_ns;
    uint64_t datagrams_left;
    uint32_t len;
};

static void source_end(struct traffic_source *source, enum status error)
{
    timer_stop(&source->timer);
    source->error = error;
    source->is_done = true;
}

static struct traffic_source *source_new(struct sockets *sockets, struct endpoint to,
                                         uint64_t start_ns, void (*start)(void *owner))
{
    struct traffic_source *source = memory_new(sizeof *source);
    source->sockets = sockets;
    source->to = to;
    scope_timer_init(sockets->scope, &source->timer, start, source);
    timer_set(&source->timer, start_ns);
    return source;
}

/* --- streams --- */

static void stream_end(struct traffic_source *source, enum status error)
{
    stream_close(source->stream);
    source->stream = NULL;
    source_end(source, error);
}

/* Writes until the connection takes no more: it says when it takes some again. */
static void on_stream(void *owner)
{
    struct traffic_source *source = owner;
    if (stream_error(source->stream) != STATUS_OK) {
        stream_end(source, stream_error(source->stream));
        return;
    }
    if (!stream_is_connected(source->stream)) {
        return;
    }
    while (source->bytes_left > 0) {
        size_t len = source->bytes_left < BLOCK_SIZE ? (size_t)source->bytes_left : BLOCK_SIZE;
        int64_t taken = stream_write(source->stream, BLOCK, len);
        if (taken == -(int64_t)STATUS_AGAIN) {
            return;
        }
        if (taken < 0) {
            stream_end(source, (enum status) - taken);
            return;
        }
        source->counts.bytes += (uint64_t)taken;
        if (source->bytes_left != TRAFFIC_ENDLESS) {
            source->bytes_left -= (uint64_t)taken;
        }
    }
    stream_end(source, STATUS_OK);
}

static void start_stream(void *owner)
{
    struct traffic_source *source = owner;
    enum status status = sockets_connect(source->sockets, (struct endpoint){0}, source->to,
                                         on_stream, source, &source->stream);
    if (status != STATUS_OK) {
        source_end(source, status);
    }
}

struct traffic_source *traffic_source_new_stream(struct sockets *sockets,
                                                 const struct traffic_stream_plan *plan)
{
    struct traffic_source *source = source_new(sockets, plan->to, plan->start_ns, start_stream);
    source->bytes_left = plan->bytes;
    return source;
}

/* --- datagrams --- */

/* The pace is kept by the plan's clock, so that it does not drift where the clock is real. */
static void send_datagrams(struct traffic_source *source)
{
    uint64_t now_ns = source->sockets->scope->env->now_ns;
    while (source->datagrams_left > 0 && source->next_ns <= now_ns) {
        enum status status = datagram_send(source->socket, (struct endpoint){0},
                                           (struct bytes){BLOCK, source->len}, NULL);
        if (status == STATUS_OK) {
            source->counts.bytes += source->len;
            source->counts.datagrams++;
        } else {
            source->counts.refused++;
        }
        if (source->datagrams_left != TRAFFIC_ENDLESS) {
            source->datagrams_left--;
        }
        source->next_ns += source->interval_ns;
    }
    if (source->datagrams_left > 0) {
        timer_set(&source->timer, source->next_ns);
    } else {
        source_end(source, STATUS_OK);
    }
}

static void on_datagram_timer(void *owner)
{
    struct traffic_source *source = owner;
    if (!source->socket) {
        enum status status =
            sockets_open_datagram(source->sockets, NULL, NULL, NULL, &source->socket);
        if (status == STATUS_OK) {
            status = datagram_connect(source->socket, source->to);
        }
        if (status != STATUS_OK) {
            source_end(source, status);
            return;
        }
    }
    send_datagrams(source);
}

struct traffic_source *traffic_source_new_datagrams(struct sockets *sockets,
                                                    const struct traffic_datagram_plan *plan)
{
    CHECK(plan->interval_ns > 0 && plan->len <= TRAFFIC_MAX_DATAGRAM);
    struct traffic_source *source =
        source_new(sockets, plan->to, plan->start_ns, on_datagram_timer);
    source->next_ns = plan->start_ns;
    source->interval_ns = plan->interval_ns;
    source->datagrams_left = plan->count;
    source->len = plan->len;
    return source;
}

/* --- both --- */

void traffic_source_free(struct traffic_source *source)
{
    timer_fini(&source->timer);
    if (source->stream) {
        stream_abort(source->stream);
    }
    if (source->socket) {
        datagram_close(source->socket);
    }
    free(source);
}

struct traffic_source_counts traffic_source_count(const struct traffic_source *source)
{
    return source->counts;
}

bool traffic_source_is_done(const struct traffic_source *source)
{
    return source->is_done;
}

enum status traffic_source_error(const struct traffic_source *source)
{
    return source->error;
}
