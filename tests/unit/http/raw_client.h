/* A client that sends bytes as they are given and keeps what comes back: for tests of servers. */
#ifndef UNIT_HTTP_RAW_CLIENT_H
#define UNIT_HTTP_RAW_CLIENT_H

#include "base/text.h"
#include "http/byte_queue.h"
#include "socket/socket.h"

struct raw_client {
    struct stream *stream;
    struct byte_queue to_send;
    struct text got;
    bool is_stalled; /* reads nothing */
    bool has_ended;  /* the server closed its side */
    bool was_reset;
    bool shuts_down; /* its own side, once all is sent */
};

void raw_client_open(struct raw_client *client, struct sockets *sockets, const char *address);
void raw_client_send(struct raw_client *client, const char *chars, size_t len);
void raw_client_go(struct raw_client *client); /* after is_stalled or shuts_down changed */
void raw_client_close(struct raw_client *client);

#endif
