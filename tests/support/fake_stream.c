/* Streams of the fake net: two ends of one connection, each with what it has received.
 *
 * A write puts its bytes on the wire as one message; the window counts what the other side has not
 * read yet. An end lives until its owner closed it and no message of the connection is on its way.
 */
#include "base/check.h"
#include "base/memory.h"
#include "support/fake_net_internal.h"

#include <stdlib.h>

struct fake_end {
    struct stream base;
    struct fake_connection *connection;
    struct fake_host *host;
    struct endpoint local, remote;
    struct list link; /* in its listener's queue until accepted */
    bool is_open;     /* somebody owns it */
    bool is_connected;
    bool has_ended; /* nothing more will be written */
    bool peer_has_ended;
    enum status error;
    size_t outstanding; /* bytes written and not yet read over there */
    uint8_t *buffer;    /* received, from `taken` to `got` */
    size_t got, taken, capacity;
};

struct fake_connection {
    struct fake_net *net;
    unsigned refs; /* open ends, and messages on the wire */
    struct fake_end end[2];
};

struct fake_listener {
    struct listener base;
    struct list link;
    struct fake_host *host;
    struct endpoint local;
    uint32_t backlog;
    uint32_t waiting;
    struct list queue; /* struct fake_end */
};

static struct fake_end *fake_end_of(const struct stream *stream)
{
    return container_of(stream, struct fake_end, base);
}

static unsigned fake_end_index(const struct fake_end *end)
{
    return end == &end->connection->end[1];
}

static void fake_end_notify(const struct fake_end *end)
{
    if (end->is_open && end->base.on_event) {
        end->base.on_event(end->base.owner);
    }
}

void fake_connection_put(struct fake_connection *connection)
{
    CHECK(connection->refs > 0);
    if (--connection->refs == 0) {
        free(connection->end[0].buffer);
        free(connection->end[1].buffer);
        free(connection);
    }
}

/* Sends to the end with that index, after `delay_ns`, unless either host is down. */
static struct fake_message *fake_connection_send(struct fake_connection *connection, unsigned end,
                                                 enum fake_message_kind kind, struct bytes data,
                                                 uint64_t delay_ns)
{
    struct fake_message *message = fake_message_new(kind, data.p, data.len);
    message->connection = connection;
    message->end = end;
    connection->refs++;
    fake_net_send(connection->net, message, delay_ns);
    return message;
}

static struct fake_message *fake_end_send(const struct fake_end *end, enum fake_message_kind kind,
                                          struct bytes data)
{
    return fake_connection_send(end->connection, !fake_end_index(end), kind, data,
                                end->connection->net->delay_ns);
}

/* --- the owner's side --- */

static int64_t fake_stream_read(struct stream *stream, void *buffer, size_t size)
{
    struct fake_end *end = fake_end_of(stream);
    size_t len = end->got - end->taken;
    size_t read_max = end->connection->net->limits.read_max;
    if (len == 0 || size == 0) {
        return end->error != STATUS_OK ? -(int64_t)end->error
               : end->peer_has_ended   ? 0
                                       : -(int64_t)STATUS_AGAIN;
    }
    len = len > size ? size : len;
    len = read_max > 0 && len > read_max ? read_max : len;
    memcpy(buffer, end->buffer + end->taken, len);
    end->taken += len;
    fake_end_send(end, FAKE_WINDOW, (struct bytes){0})->count = len;
    return (int64_t)len;
}

static int64_t fake_stream_write(struct stream *stream, const void *bytes, size_t len)
{
    struct fake_end *end = fake_end_of(stream);
    const struct fake_stream_limits *limits = &end->connection->net->limits;
    if (end->error != STATUS_OK) {
        return -(int64_t)end->error;
    }
    if (end->has_ended) {
        return -(int64_t)STATUS_CLOSED;
    }
    size_t window = limits->window > 0 ? limits->window : SIZE_MAX;
    size_t room = end->outstanding < window ? window - end->outstanding : 0;
    if (!end->is_connected || room == 0) {
        return -(int64_t)STATUS_AGAIN;
    }
    len = len > room ? room : len;
    len = limits->write_max > 0 && len > limits->write_max ? limits->write_max : len;
    if (len > 0) {
        fake_end_send(end, FAKE_DATA, (struct bytes){bytes, len});
        end->outstanding += len;
    }
    return (int64_t)len;
}

static void fake_stream_shutdown(struct stream *stream)
{
    struct fake_end *end = fake_end_of(stream);
    if (!end->has_ended && end->error == STATUS_OK) {
        end->has_ended = true;
        fake_end_send(end, FAKE_FIN, (struct bytes){0});
    }
}

/* The last act of an owner. */
static void fake_end_drop(struct fake_end *end)
{
    end->is_open = false;
    end->host->streams_open--;
    list_remove(&end->link);
    fake_connection_put(end->connection);
}

static void fake_stream_abort(struct stream *stream)
{
    struct fake_end *end = fake_end_of(stream);
    if (end->error == STATUS_OK) {
        fake_end_send(end, FAKE_RST, (struct bytes){0})->error = STATUS_RESET;
    }
    fake_end_drop(end);
}

static void fake_stream_close(struct stream *stream)
{
    struct fake_end *end = fake_end_of(stream);
    /* RFC 1122 4.2.2.13: closing with data unread tells the peer that it was lost */
    if (!end->is_connected || end->got > end->taken) {
        fake_stream_abort(stream);
        return;
    }
    fake_stream_shutdown(stream);
    fake_end_drop(end);
}

static enum status fake_stream_error(const struct stream *stream)
{
    return fake_end_of(stream)->error;
}

static bool fake_stream_is_connected(const struct stream *stream)
{
    return fake_end_of(stream)->is_connected;
}

static struct endpoint fake_stream_local(const struct stream *stream)
{
    return fake_end_of(stream)->local;
}

static struct endpoint fake_stream_remote(const struct stream *stream)
{
    return fake_end_of(stream)->remote;
}

static const struct stream_ops FAKE_STREAM_OPS = {
    .read = fake_stream_read,
    .write = fake_stream_write,
    .shutdown = fake_stream_shutdown,
    .close = fake_stream_close,
    .abort = fake_stream_abort,
    .error = fake_stream_error,
    .is_connected = fake_stream_is_connected,
    .local = fake_stream_local,
    .remote = fake_stream_remote,
};

/* --- connecting and listening --- */

static void fake_end_open(struct fake_connection *connection, unsigned index,
                          struct fake_host *host)
{
    struct fake_end *end = &connection->end[index];
    end->host = host;
    end->is_open = true;
    host->streams_open++;
    connection->refs++;
}

enum status fake_stream_connect(struct sockets *sockets, struct endpoint local,
                                struct endpoint remote, struct stream **stream)
{
    struct fake_host *host = fake_host_of(sockets);
    if (!ip_is_set(host->address)) {
        return STATUS_UNREACHABLE;
    }
    struct fake_connection *connection = memory_new(sizeof *connection);
    connection->net = host->net;
    local.port = local.port != 0 ? local.port : fake_host_draw_port(host);
    if (!ip_is_set(local.addr)) {
        local.addr = ipv4_is_loopback(remote.addr.v4) ? remote.addr : host->address;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct fake_end *end = &connection->end[i];
        end->base.ops = &FAKE_STREAM_OPS;
        end->connection = connection;
        end->local = i == 0 ? local : remote;
        end->remote = i == 0 ? remote : local;
        list_init(&end->link);
    }
    fake_end_open(connection, 0, host);
    fake_end_send(&connection->end[0], FAKE_SYN, (struct bytes){0});
    *stream = &connection->end[0].base;
    return STATUS_OK;
}

static struct fake_listener *fake_host_find_listener(const struct fake_host *host,
                                                     struct endpoint local)
{
    LIST_FOR_EACH (link, &host->listeners) {
        struct fake_listener *listener = container_of(link, struct fake_listener, link);
        bool is_any = !ip_is_set(listener->local.addr) || !ip_is_set(local.addr);
        if (listener->local.port == local.port &&
            (is_any || ip_equal(listener->local.addr, local.addr))) {
            return listener;
        }
    }
    return NULL;
}

static struct stream *fake_listener_accept(struct listener *base)
{
    struct fake_listener *listener = container_of(base, struct fake_listener, base);
    if (list_is_empty(&listener->queue)) {
        return NULL;
    }
    struct fake_end *end = container_of(listener->queue.next, struct fake_end, link);
    list_remove(&end->link);
    listener->waiting--;
    return &end->base;
}

static void fake_listener_close(struct listener *base)
{
    struct fake_listener *listener = container_of(base, struct fake_listener, base);
    LIST_FOR_EACH_SAFE (link, &listener->queue) {
        fake_stream_abort(&container_of(link, struct fake_end, link)->base);
    }
    list_remove(&listener->link);
    free(listener);
}

static struct endpoint fake_listener_local(const struct listener *base)
{
    return container_of(base, const struct fake_listener, base)->local;
}

static const struct listener_ops FAKE_LISTENER_OPS = {
    .accept = fake_listener_accept,
    .close = fake_listener_close,
    .local = fake_listener_local,
};

enum status fake_stream_listen(struct sockets *sockets, struct endpoint local, uint32_t backlog,
                               struct listener **out)
{
    struct fake_host *host = fake_host_of(sockets);
    if (local.addr.version == IP_V4 && local.addr.v4 == IPV4_ANY) {
        local.addr = (struct ip_addr){0};
    }
    local.port = local.port != 0 ? local.port : fake_host_draw_port(host);
    if (fake_host_find_listener(host, local)) {
        return STATUS_IN_USE;
    }
    struct fake_listener *listener = memory_new(sizeof *listener);
    listener->base.ops = &FAKE_LISTENER_OPS;
    listener->host = host;
    listener->local = local;
    listener->backlog = backlog > 0 ? backlog : 1;
    list_init(&listener->queue);
    list_add_last(&listener->link, &host->listeners);
    *out = &listener->base;
    return STATUS_OK;
}

/* --- the wire's side --- */

static void fake_connection_refuse(struct fake_connection *connection, enum status error,
                                   uint64_t delay_ns)
{
    fake_connection_send(connection, 0, FAKE_CONNECT_FAILED, (struct bytes){0}, delay_ns)->error =
        error;
}

static struct fake_host *fake_connection_find_server(const struct fake_connection *connection)
{
    struct ip_addr address = connection->end[1].local.addr;
    return ipv4_is_loopback(address.v4) ? connection->end[0].host
                                        : fake_net_find_host(connection->net, address);
}

static void fake_connection_on_syn(struct fake_connection *connection)
{
    struct fake_net *net = connection->net;
    struct fake_host *host = fake_connection_find_server(connection);
    if (connection->end[0].host->is_down || (host && host->is_down)) {
        fake_connection_refuse(connection, STATUS_TIMED_OUT, FAKE_CONNECT_TIMEOUT_NS);
        return;
    }
    if (!host) {
        fake_connection_refuse(connection, STATUS_UNREACHABLE, net->delay_ns);
        return;
    }
    struct fake_listener *listener = fake_host_find_listener(host, connection->end[1].local);
    if (!listener) {
        fake_connection_refuse(connection, STATUS_REFUSED, net->delay_ns);
        return;
    }
    if (listener->waiting == listener->backlog) {
        fake_connection_send(connection, 1, FAKE_SYN, (struct bytes){0}, FAKE_BACKLOG_RETRY_NS);
        return;
    }
    fake_end_open(connection, 1, host);
    connection->end[1].is_connected = true;
    fake_end_send(&connection->end[1], FAKE_SYN_ACK, (struct bytes){0});
    list_add_last(&connection->end[1].link, &listener->queue);
    listener->waiting++;
    if (listener->base.on_event) {
        listener->base.on_event(listener->base.owner);
    }
}

static void fake_end_fail(struct fake_end *end, enum status error)
{
    if (end->error == STATUS_OK) {
        end->error = error;
        end->got = end->taken = 0; /* RFC 9293 3.10.7.4: a reset flushes the queues */
        fake_end_notify(end);
    }
}

static void fake_end_on_data(struct fake_end *end, struct bytes data)
{
    if (!end->is_open) {
        fake_end_send(end, FAKE_RST, (struct bytes){0})->error = STATUS_RESET;
        return;
    }
    if (end->error != STATUS_OK) {
        return;
    }
    if (end->taken > 0) {
        memmove(end->buffer, end->buffer + end->taken, end->got - end->taken);
        end->got -= end->taken;
        end->taken = 0;
    }
    if (end->got + data.len > end->capacity) {
        end->capacity = (end->got + data.len) * 2;
        end->buffer = memory_resize(end->buffer, end->capacity);
    }
    memcpy(end->buffer + end->got, data.p, data.len);
    end->got += data.len;
    fake_end_notify(end);
}

static void fake_end_input(struct fake_end *end, const struct fake_message *message)
{
    switch (message->kind) {
    case FAKE_SYN_ACK:
        end->is_connected = true;
        fake_end_notify(end);
        break;
    case FAKE_DATA:
        fake_end_on_data(end, (struct bytes){message->bytes, message->len});
        break;
    case FAKE_FIN:
        end->peer_has_ended = true;
        fake_end_notify(end);
        break;
    case FAKE_RST:
    case FAKE_CONNECT_FAILED:
        fake_end_fail(end, message->error);
        break;
    case FAKE_WINDOW:
        end->outstanding -= message->count;
        fake_end_notify(end);
        break;
    case FAKE_DATAGRAM:
    case FAKE_ICMP_ERROR:
    case FAKE_SYN:
        check_failed(__FILE__, __LINE__, "a message for an end of a connection");
    }
}

void fake_stream_deliver(struct fake_net *net, const struct fake_message *message)
{
    (void)net;
    struct fake_connection *connection = message->connection;
    if (message->kind == FAKE_SYN) {
        if (connection->end[0].is_open) {
            fake_connection_on_syn(connection);
        }
        return;
    }
    bool is_alive = connection->end[0].host && connection->end[1].host &&
                    !connection->end[0].host->is_down && !connection->end[1].host->is_down;
    if (is_alive || message->kind == FAKE_CONNECT_FAILED) {
        fake_end_input(&connection->end[message->end], message);
    }
}
