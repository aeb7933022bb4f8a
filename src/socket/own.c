/* The provider itself: three doors to the node's stack. The streams and listeners are in
 * own_stream.c, the datagram sockets in own_datagram.c. */
#include "socket/own_internal.h"

#include "base/memory.h"

#include <stdlib.h>

static const struct sockets_ops OWN_SOCKETS_OPS = {
    .connect = own_stream_connect,
    .listen = own_listener_listen,
    .open_datagram = own_datagram_open,
};

struct sockets *own_sockets_new(struct node *node)
{
    struct own_sockets *own = memory_new(sizeof *own);
    own->sockets = (struct sockets){.ops = &OWN_SOCKETS_OPS, .scope = &node->scope};
    own->node = node;
    return &own->sockets;
}

void own_sockets_free(struct sockets *sockets)
{
    free(container_of(sockets, struct own_sockets, sockets));
}
