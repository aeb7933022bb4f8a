/* Between the files of the client: client.c has the origins and the calls that wait, client_conn.c
 * one connection. */
#ifndef HTTP_CLIENT_INTERNAL_H
#define HTTP_CLIENT_INTERNAL_H

#include "base/list.h"
#include "http/byte_queue.h"
#include "http/client.h"
#include "http/h1_parser.h"

struct client_conn;

/* The connections to one server under one name. Lives as long as it has connections or calls. */
struct http_origin {
    struct list link;
    struct http_client *client;
    struct endpoint remote;
    char *authority;
    struct list conns; /* the one used last comes first */
    uint32_t n_conns, n_connecting;
    struct list waiting; /* struct http_call */
    uint32_t n_waiting;
};

struct http_client {
    struct sockets *sockets;
    struct http_client_config config; /* defaults filled in */
    struct event run;
    struct list origins;
    struct list finished; /* calls to be reported */
    struct list others;   /* calls not started, or on a connection */
    size_t n_calls, n_conns;
};

struct http_call {
    struct list link; /* in one of the lists of calls */
    struct http_client *client;
    struct http_origin *origin; /* while it waits or is under way */
    struct client_conn *conn;   /* while it is under way */
    struct http_message request;
    struct http_message response;
    struct byte_queue request_body, body;
    struct http_result result;
    http_call_done done;
    void *owner;
    bool needs_fresh; /* no reused connection: it was sent on one that was stale */
};

enum client_conn_state {
    CLIENT_CONNECTING,
    CLIENT_IDLE,
    CLIENT_BUSY,
};

struct client_conn {
    struct list link;
    struct http_origin *origin;
    struct stream *stream;
    struct timer timer;
    enum client_conn_state state;
    struct http_call *call; /* while busy */
    struct h1_parser parser;
    struct byte_queue out;
    uint32_t served;   /* requests begun */
    bool has_sent_any; /* bytes of the current request */
    bool is_sent;      /* all of them */
    uint64_t connect_started_ns, connected_ns;
};

/* Starts connecting; false: the provider refused at once, with *status. */
bool client_conn_open(struct http_origin *origin, enum status *status);
void client_conn_close(struct client_conn *conn); /* goodbye when idle, reset otherwise */

/* Gives an idle connection a call. */
void client_conn_serve(struct client_conn *conn, struct http_call *call);

/* What connections tell the client; it reports and reassigns later, never within. */
void http_call_finish(struct http_call *call, enum status status, const char *error);
void http_call_retry(struct http_call *call);
void http_origin_on_connect_failed(struct http_origin *origin, enum status status);
void http_origin_on_free_conn(struct http_origin *origin);

#endif
