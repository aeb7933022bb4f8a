/* The socket seam: streams, datagrams and listeners, whoever provides them.
 *
 * Services, HTTP and the gateway are written once, against this. A `struct sockets` is one host's
 * way to the network: the own stack of a node in a lab (socket/own.h) or, in production, the
 * kernel's sockets. Nothing above can tell which.
 *
 * All calls return at once. Readiness is announced by the `on_event` callback, which never runs
 * inside a call: the owner then tries to read and write until STATUS_AGAIN. It may announce too
 * much, never too little. Errors come as negative enum status.
 */
#ifndef SOCKET_SOCKET_H
#define SOCKET_SOCKET_H

#include "base/bytes.h"
#include "base/status.h"
#include "observe/scope.h"
#include "wire/address.h"

struct stream;
struct listener;
struct datagram_socket;
struct sockets;

typedef void (*socket_event)(void *owner);

/* --- what a provider implements --- */

struct stream_ops {
    int64_t (*read)(struct stream *stream, void *buffer, size_t size);
    int64_t (*write)(struct stream *stream, const void *bytes, size_t len);
    void (*shutdown)(struct stream *stream);
    void (*close)(struct stream *stream);
    void (*abort)(struct stream *stream);
    enum status (*error)(const struct stream *stream);
    bool (*is_connected)(const struct stream *stream);
    struct endpoint (*local)(const struct stream *stream);
    struct endpoint (*remote)(const struct stream *stream);
    void (*set_no_delay)(struct stream *stream, bool no_delay); /* NULL: it never delays */
};

/* Embedded first in the provider's own struct. */
struct stream {
    const struct stream_ops *ops;
    socket_event on_event; /* may be NULL */
    void *owner;
};

struct listener_ops {
    struct stream *(*accept)(struct listener *listener);
    void (*close)(struct listener *listener);
    struct endpoint (*local)(const struct listener *listener);
};

struct listener {
    const struct listener_ops *ops;
    socket_event on_event;
    void *owner;
};

/* How to open a datagram socket; zero-initialise. */
struct datagram_options {
    struct endpoint local; /* addr not set: any; port 0: an ephemeral one */
    const char *interface; /* only this interface, both ways; NULL: any */
};

struct datagram_info {
    struct endpoint from;
    struct endpoint to;    /* the destination it bore */
    const char *interface; /* where it came in; borrowed until the socket is closed */
    uint64_t packet_id;    /* for the trace; 0: none */
};

/* Beyond the destination; zero-initialise. A provider may answer STATUS_UNSUPPORTED. */
struct datagram_route {
    struct ip_addr src; /* not set: chosen. With `is_src_any`: 0.0.0.0 */
    bool is_src_any;
    const struct mac_addr *link_dst; /* send to this neighbour without ARP; needs `interface` */
};

struct datagram_ops {
    enum status (*send)(struct datagram_socket *socket, struct endpoint to, struct bytes data,
                        const struct datagram_route *route);
    int64_t (*receive)(struct datagram_socket *socket, void *buffer, size_t size,
                       struct datagram_info *info);
    enum status (*connect)(struct datagram_socket *socket, struct endpoint to);
    void (*close)(struct datagram_socket *socket);
    struct endpoint (*local)(const struct datagram_socket *socket);
};

struct datagram_socket {
    const struct datagram_ops *ops;
    socket_event on_event;
    void *owner;
};

struct sockets_ops {
    enum status (*connect)(struct sockets *sockets, struct endpoint local, struct endpoint remote,
                           struct stream **stream);
    enum status (*listen)(struct sockets *sockets, struct endpoint local, uint32_t backlog,
                          struct listener **listener);
    enum status (*open_datagram)(struct sockets *sockets, const struct datagram_options *options,
                                 struct datagram_socket **socket);
};

struct sockets {
    const struct sockets_ops *ops;
    struct scope *scope; /* time, timers, randomness, trace for whoever uses these sockets */
};

/* --- streams --- */

/* Starts connecting; `local` may be unset. When done, on_event runs and stream_is_connected() or
 * stream_error() tells. The stream is the caller's until stream_close() or stream_abort(). */
static inline enum status MUST_CHECK sockets_connect(struct sockets *sockets, struct endpoint local,
                                                     struct endpoint remote, socket_event on_event,
                                                     void *owner, struct stream **stream)
{
    enum status status = sockets->ops->connect(sockets, local, remote, stream);
    if (status == STATUS_OK) {
        (*stream)->on_event = on_event;
        (*stream)->owner = owner;
    }
    return status;
}

/* Whoever accepts or takes over a stream sets the callback; if there is something to read already,
 * it is the new owner's to look. */
static inline void stream_set_owner(struct stream *stream, socket_event on_event, void *owner)
{
    stream->on_event = on_event;
    stream->owner = owner;
}

/* Bytes read; 0 at the end; -STATUS_AGAIN; -error. */
static inline int64_t stream_read(struct stream *stream, void *buffer, size_t size)
{
    return stream->ops->read(stream, buffer, size);
}

/* Bytes taken, perhaps fewer than given; -STATUS_AGAIN; -error. */
static inline int64_t stream_write(struct stream *stream, const void *bytes, size_t len)
{
    return stream->ops->write(stream, bytes, len);
}

/* No more writes; what was written is still delivered. */
static inline void stream_shutdown(struct stream *stream)
{
    stream->ops->shutdown(stream);
}

/* Ends the caller's use: delivery and closing go on behind. No callback follows. */
static inline void stream_close(struct stream *stream)
{
    stream->ops->close(stream);
}

static inline void stream_abort(struct stream *stream)
{
    stream->ops->abort(stream);
}

/* What does not fill a segment leaves at once and does not wait for an acknowledgement (RFC 9293
 * 3.7.4: an application must be able to turn Nagle's algorithm off). For whoever writes all it has
 * at once. */
static inline void stream_set_no_delay(struct stream *stream, bool no_delay)
{
    if (stream->ops->set_no_delay) {
        stream->ops->set_no_delay(stream, no_delay);
    }
}

static inline enum status stream_error(const struct stream *stream)
{
    return stream->ops->error(stream);
}

static inline bool stream_is_connected(const struct stream *stream)
{
    return stream->ops->is_connected(stream);
}

static inline struct endpoint stream_local(const struct stream *stream)
{
    return stream->ops->local(stream);
}

static inline struct endpoint stream_remote(const struct stream *stream)
{
    return stream->ops->remote(stream);
}

/* --- listeners --- */

static inline enum status MUST_CHECK sockets_listen(struct sockets *sockets, struct endpoint local,
                                                    uint32_t backlog, socket_event on_event,
                                                    void *owner, struct listener **listener)
{
    enum status status = sockets->ops->listen(sockets, local, backlog, listener);
    if (status == STATUS_OK) {
        (*listener)->on_event = on_event;
        (*listener)->owner = owner;
    }
    return status;
}

/* The next connected stream, or NULL. Its owner is unset. */
static inline struct stream *listener_accept(struct listener *listener)
{
    return listener->ops->accept(listener);
}

static inline void listener_close(struct listener *listener)
{
    listener->ops->close(listener);
}

static inline struct endpoint listener_local(const struct listener *listener)
{
    return listener->ops->local(listener);
}

/* --- datagrams --- */

static inline enum status MUST_CHECK sockets_open_datagram(struct sockets *sockets,
                                                           const struct datagram_options *options,
                                                           socket_event on_event, void *owner,
                                                           struct datagram_socket **socket)
{
    enum status status = sockets->ops->open_datagram(sockets, options, socket);
    if (status == STATUS_OK) {
        (*socket)->on_event = on_event;
        (*socket)->owner = owner;
    }
    return status;
}

/* `route` may be NULL. To a connected socket's peer: an unset `to`. */
static inline enum status MUST_CHECK datagram_send(struct datagram_socket *socket,
                                                   struct endpoint to, struct bytes data,
                                                   const struct datagram_route *route)
{
    return socket->ops->send(socket, to, data, route);
}

/* The datagram's whole length (the copy is cut to size); -STATUS_AGAIN; -error. */
static inline int64_t datagram_receive(struct datagram_socket *socket, void *buffer, size_t size,
                                       struct datagram_info *info)
{
    return socket->ops->receive(socket, buffer, size, info);
}

static inline enum status MUST_CHECK datagram_connect(struct datagram_socket *socket,
                                                      struct endpoint to)
{
    return socket->ops->connect(socket, to);
}

static inline void datagram_close(struct datagram_socket *socket)
{
    socket->ops->close(socket);
}

static inline struct endpoint datagram_local(const struct datagram_socket *socket)
{
    return socket->ops->local(socket);
}

#endif
