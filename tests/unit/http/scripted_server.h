/* A server that says what the test wants, byte by byte: for tests of clients. */
#ifndef UNIT_HTTP_SCRIPTED_SERVER_H
#define UNIT_HTTP_SCRIPTED_SERVER_H

#include "base/text.h"
#include "socket/socket.h"

enum { SCRIPT_MAX_CONNS = 16 };

struct scripted_server;

struct scripted_conn {
    struct scripted_server *server;
    struct stream *stream;
    struct text got;
    unsigned requests; /* heads seen on this connection */
    size_t scanned;
};

/* Says what to do about the `number`th request (from 1) of `conn`, by calling the functions below.
 */
typedef void (*scripted_answer)(struct scripted_server *server, struct scripted_conn *conn,
                                unsigned number);

struct scripted_server {
    struct listener *listener;
    scripted_answer script;
    struct scripted_conn conns[SCRIPT_MAX_CONNS];
    unsigned n_conns;
};

void scripted_server_start(struct scripted_server *server, struct sockets *sockets,
                           scripted_answer script);
void scripted_server_stop(struct scripted_server *server);

void scripted_say(struct scripted_conn *conn, const char *text);
void scripted_close(struct scripted_conn *conn);
void scripted_reset(struct scripted_conn *conn);

#endif
