/* Inside the own-stack provider: its parts, one file each. */
#ifndef SOCKET_OWN_INTERNAL_H
#define SOCKET_OWN_INTERNAL_H

#include "base/list.h"
#include "socket/own.h"

struct own_sockets {
    struct sockets sockets; /* first: it is what users hold */
    struct node *node;
};

static inline struct node *own_node(struct sockets *sockets)
{
    return container_of(sockets, struct own_sockets, sockets)->node;
}

/* The operations of struct sockets_ops. */
enum status own_stream_connect(struct sockets *sockets, struct endpoint local,
                               struct endpoint remote, struct stream **stream);
enum status own_listener_listen(struct sockets *sockets, struct endpoint local, uint32_t backlog,
                                struct listener **listener);
enum status own_datagram_open(struct sockets *sockets, const struct datagram_options *options,
                              struct datagram_socket **socket);

#endif
