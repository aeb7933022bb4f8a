/* Streams and listeners over the node's TCP. */
#include "socket/own_internal.h"

#include "base/memory.h"

#include <stdlib.h>

struct own_stream {
    struct stream stream; /* first: it is what users hold */
    struct tcp_conn *conn;
};

static struct own_stream *own_stream(const struct stream *stream)
{
    return container_of(stream, struct own_stream, stream);
}

static void own_stream_on_event(void *owner)
{
    struct own_stream *own = owner;
    if (own->stream.on_event) {
        own->stream.on_event(own->stream.owner);
    }
}

static int64_t own_stream_read(struct stream *stream, void *buffer, size_t size)
{
    return tcp_receive(own_stream(stream)->conn, buffer, size);
}

static int64_t own_stream_write(struct stream *stream, const void *bytes, size_t len)
{
    return tcp_send(own_stream(stream)->conn, bytes, len);
}

static void own_stream_shutdown(struct stream *stream)
{
    tcp_shutdown(own_stream(stream)->conn);
}

static void own_stream_close(struct stream *stream)
{
    tcp_close(own_stream(stream)->conn);
    free(own_stream(stream));
}

static void own_stream_abort(struct stream *stream)
{
    tcp_abort(own_stream(stream)->conn);
    free(own_stream(stream));
}

static enum status own_stream_error(const struct stream *stream)
{
    return tcp_error(own_stream(stream)->conn);
}

static bool own_stream_is_connected(const struct stream *stream)
{
    return tcp_is_connected(own_stream(stream)->conn);
}

static struct endpoint own_stream_local(const struct stream *stream)
{
    return tcp_local(own_stream(stream)->conn);
}

static struct endpoint own_stream_remote(const struct stream *stream)
{
    return tcp_remote(own_stream(stream)->conn);
}

static void own_stream_set_no_delay(struct stream *stream, bool no_delay)
{
    tcp_set_no_delay(own_stream(stream)->conn, no_delay);
}

static const struct stream_ops OWN_STREAM_OPS = {
    .read = own_stream_read,
    .write = own_stream_write,
    .shutdown = own_stream_shutdown,
    .close = own_stream_close,
    .abort = own_stream_abort,
    .error = own_stream_error,
    .is_connected = own_stream_is_connected,
    .local = own_stream_local,
    .remote = own_stream_remote,
    .set_no_delay = own_stream_set_no_delay,
};

static struct own_stream *own_stream_new(void)
{
    struct own_stream *own = memory_new(sizeof *own);
    own->stream.ops = &OWN_STREAM_OPS;
    return own;
}

enum status own_stream_connect(struct sockets *sockets, struct endpoint local,
                               struct endpoint remote, struct stream **stream)
{
    struct own_stream *own = own_stream_new();
    enum status status =
        tcp_connect(own_node(sockets)->tcp, local, remote, own_stream_on_event, own, &own->conn);
    if (status != STATUS_OK) {
        free(own);
        return status;
    }
    *stream = &own->stream;
    return STATUS_OK;
}

/* --- listeners --- */

struct own_listener {
    struct listener listener; /* first: it is what users hold */
    struct tcp_listener *tcp;
};

static struct own_listener *own_listener(const struct listener *listener)
{
    return container_of(listener, struct own_listener, listener);
}

static void own_listener_on_event(void *owner)
{
    struct own_listener *own = owner;
    if (own->listener.on_event) {
        own->listener.on_event(own->listener.owner);
    }
}

static struct stream *own_listener_accept(struct listener *listener)
{
    struct tcp_conn *conn = tcp_accept(own_listener(listener)->tcp);
    if (!conn) {
        return NULL;
    }
    struct own_stream *own = own_stream_new();
    own->conn = conn;
    tcp_set_on_event(conn, own_stream_on_event, own);
    return &own->stream;
}

static void own_listener_close(struct listener *listener)
{
    tcp_listener_close(own_listener(listener)->tcp);
    free(own_listener(listener));
}

static struct endpoint own_listener_local(const struct listener *listener)
{
    return tcp_listener_local(own_listener(listener)->tcp);
}

static const struct listener_ops OWN_LISTENER_OPS = {
    .accept = own_listener_accept,
    .close = own_listener_close,
    .local = own_listener_local,
};

enum status own_listener_listen(struct sockets *sockets, struct endpoint local, uint32_t backlog,
                                struct listener **listener)
{
    struct own_listener *own = memory_new(sizeof *own);
    own->listener.ops = &OWN_LISTENER_OPS;
    enum status status =
        tcp_listen(own_node(sockets)->tcp, local, backlog, own_listener_on_event, own, &own->tcp);
    if (status != STATUS_OK) {
        free(own);
        return status;
    }
    *listener = &own->listener;
    return STATUS_OK;
}
