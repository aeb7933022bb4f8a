#include "service/traffic_sink.h"

#include "base/list.h"
#include "base/memory.h"

#include <stdlib.h>

enum { BUFFER_SIZE = 16384, BACKLOG = 128 };

struct traffic_sink {
    struct listener *listener;      /* of a stream sink */
    struct datagram_socket *socket; /* of a datagram sink */
    struct list streams;
    size_t n_streams;
    struct traffic_sink_counts counts;
};

struct sink_stream {
    struct list link;
    struct traffic_sink *sink;
    struct stream *stream;
};

/* --- streams --- */

static void sink_stream_end(struct sink_stream *sink_stream, void (*end)(struct stream *stream))
{
    end(sink_stream->stream);
    list_remove(&sink_stream->link);
    sink_stream->sink->n_streams--;
    free(sink_stream);
}

static void on_stream(void *owner)
{
    struct sink_stream *sink_stream = owner;
    struct traffic_sink *sink = sink_stream->sink;
    uint8_t buffer[BUFFER_SIZE]; /* never looked at */
    int64_t len;
    while ((len = stream_read(sink_stream->stream, buffer, sizeof buffer)) > 0) {
        sink->counts.bytes += (uint64_t)len;
    }
    if (len != -(int64_t)STATUS_AGAIN) {
        sink_stream_end(sink_stream, stream_close); /* its end, or an error */
    }
}

static void on_listener(void *owner)
{
    struct traffic_sink *sink = owner;
    struct stream *stream;
    while ((stream = listener_accept(sink->listener))) {
        if (sink->n_streams == TRAFFIC_SINK_MAX_STREAMS) {
            stream_abort(stream);
            continue;
        }
        struct sink_stream *sink_stream = memory_new(sizeof *sink_stream);
        sink_stream->sink = sink;
        sink_stream->stream = stream;
        list_add_last(&sink_stream->link, &sink->streams);
        sink->n_streams++;
        sink->counts.streams++;
        stream_set_owner(stream, on_stream, sink_stream);
        on_stream(sink_stream); /* there may be something to read already */
    }
}

/* --- datagrams --- */

static void on_datagrams(void *owner)
{
    struct traffic_sink *sink = owner;
    uint8_t buffer[BUFFER_SIZE];
    int64_t len;
    /* An error that was pending (an ICMP message) is taken off by reading it. */
    while ((len = datagram_receive(sink->socket, buffer, sizeof buffer, NULL)) !=
           -(int64_t)STATUS_AGAIN) {
        if (len >= 0) {
            sink->counts.bytes += (uint64_t)len;
            sink->counts.datagrams++;
        }
    }
}

/* --- both --- */

static struct traffic_sink *sink_new(void)
{
    struct traffic_sink *sink = memory_new(sizeof *sink);
    list_init(&sink->streams);
    return sink;
}

enum status traffic_sink_new_stream(struct sockets *sockets, struct endpoint local,
                                    struct traffic_sink **result)
{
    struct traffic_sink *sink = sink_new();
    enum status status =
        sockets_listen(sockets, local, BACKLOG, on_listener, sink, &sink->listener);
    if (status != STATUS_OK) {
        free(sink);
        return status;
    }
    *result = sink;
    return STATUS_OK;
}

enum status traffic_sink_new_datagrams(struct sockets *sockets, struct endpoint local,
                                       struct traffic_sink **result)
{
    struct traffic_sink *sink = sink_new();
    struct datagram_options options = {.local = local};
    enum status status =
        sockets_open_datagram(sockets, &options, on_datagrams, sink, &sink->socket);
    if (status != STATUS_OK) {
        free(sink);
        return status;
    }
    *result = sink;
    return STATUS_OK;
}

void traffic_sink_free(struct traffic_sink *sink)
{
    LIST_FOR_EACH_SAFE (link, &sink->streams) {
        sink_stream_end(container_of(link, struct sink_stream, link), stream_abort);
    }
    if (sink->listener) {
        listener_close(sink->listener);
    }
    if (sink->socket) {
        datagram_close(sink->socket);
    }
    free(sink);
}

struct traffic_sink_counts traffic_sink_count(const struct traffic_sink *sink)
{
    return sink->counts;
}
