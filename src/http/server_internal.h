/* Between the files of the server: server.c has the listener and the table of connections,
 * server_conn.c one connection's input, output and life, exchange.c what handlers call. */
#ifndef HTTP_SERVER_INTERNAL_H
#define HTTP_SERVER_INTERNAL_H

#include "base/list.h"
#include "http/byte_queue.h"
#include "http/h1_parser.h"
#include "http/server.h"

enum {
    CONN_INPUT_MAX = 16 << 10,  /* bytes read ahead */
    CONN_OUTPUT_MAX = 64 << 10, /* bytes of a streamed response waiting to go out */
    CONN_DISCARD_MAX = 64 << 10 /* content nobody read, before the connection is closed instead */
};

/* What a connection is doing. */
enum conn_phase {
    CONN_WAITING,   /* for a request's head */
    CONN_SERVING,   /* a handler has the exchange */
    CONN_FLUSHING,  /* the response is complete; its bytes go out, unread content is discarded */
    CONN_LINGERING, /* our side is shut; waiting for theirs (RFC 9112 9.6) */
    CONN_DEAD,      /* freed by the next pump */
};

struct http_exchange {
    http_exchange_event on_event, on_gone;
    void *owner;
    struct http_message response;
    uint64_t response_length; /* declared; or HTTP_LENGTH_UNKNOWN */
    uint64_t written;
    bool is_open;     /* a handler has it */
    bool has_started; /* the response's head is queued */
    bool is_chunked;  /* the response is */
    bool is_muted;    /* content is counted but not sent: HEAD, 304 */
    bool expects_continue;
    bool body_is_read; /* the request's content has been taken to its end */
    bool wants_body, wants_room;
};

struct http_conn {
    struct list link;
    struct http_server *server;
    struct stream *stream;
    struct event pump;
    struct timer timer;
    struct h1_parser parser;
    struct byte_queue in, out;
    enum conn_phase phase;
    struct http_exchange exchange;
    uint32_t exchanges; /* begun so far */
    bool input_ended;   /* the client will send no more */
    bool was_full;      /* reading stopped for want of room, not of bytes */
    bool keeps_alive;   /* after the current exchange */
    bool is_cut;        /* ends with a reset: the handler gave up */
    bool head_is_out;   /* the response's head has been written to the stream */
    size_t head_left;   /* bytes of `out` until that */
    uint64_t discarded; /* content of the current request that nobody read */
    uint64_t since_ns;  /* when what the timer watches last moved */
};

struct http_server {
    struct sockets *sockets;
    struct http_server_config config; /* defaults filled in */
    http_handler handler;
    void *owner;
    struct listener *listener;
    struct event accept;
    struct list conns; /* the longest waiting for a request first */
    size_t n_conns;
};

/* Takes the stream over. */
void http_conn_open(struct http_server *server, struct stream *stream);

/* Ends it at once: on_gone for an open exchange, no goodbye. */
void http_conn_free(struct http_conn *conn);

/* Runs the connection soon (never within the call). */
void http_conn_wake(struct http_conn *conn);

void http_conn_set_phase(struct http_conn *conn, enum conn_phase phase);
void http_conn_note_progress(struct http_conn *conn); /* for the timer */
bool http_conn_is_idle(const struct http_conn *conn);

/* Reads from the stream what there is and fits. */
void http_conn_fill(struct http_conn *conn);

/* One event of the parser over at most `max` bytes of what was read. */
enum h1_event http_conn_parse(struct http_conn *conn, size_t max, struct bytes *body);

/* Answers for the server itself (malformed, timed out) and ends the connection after it. */
void http_conn_refuse(struct http_conn *conn, uint16_t status, const char *text);

/* The server lost a connection: there may be room for the next. */
void http_server_on_room(struct http_server *server);

/* Forgets the exchange before; the response has the fields that every response has. */
void http_exchange_reset(struct http_exchange *exchange);
void http_exchange_send_whole(struct http_exchange *exchange, uint16_t status, struct bytes body);

#endif
