/* The own stack as a provider of sockets: those of one node in a lab. */
#ifndef SOCKET_OWN_H
#define SOCKET_OWN_H

#include "socket/socket.h"
#include "stack/node/node.h"

/* Borrows the node; free before it, after every socket was closed. */
struct sockets *own_sockets_new(struct node *node);
void own_sockets_free(struct sockets *sockets);

#endif
