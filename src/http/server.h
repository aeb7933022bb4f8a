/* An HTTP server: accepts streams, reads requests, and lets a handler answer each (RFC 9110, 9112).
 *
 * Connections persist; pipelined requests are handled one after the other and answered in order
 * (RFC 9112 9.3). What is malformed is answered with its 4xx or 5xx and the connection closed; what
 * is slow or idle is timed out; a handler never sees either.
 *
 * An exchange is one request and its response. The handler gets it when the request's head is there
 * and answers at once or later: whole (http_exchange_respond) or in pieces (start, write, finish).
 * It reads the request's content when it wants to; what it leaves unread is discarded or the
 * connection closed.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/message.h"
#include "socket/socket.h"

struct http_server;
struct http_exchange;

/* May answer within the call. Must end up in respond, finish or abort, once per exchange. */
typedef void (*http_handler)(void *owner, struct http_exchange *exchange);
typedef void (*http_exchange_event)(void *owner);

/* Zero means the default that is named. */
struct http_server_config {
    struct endpoint local;       /* where to listen; port 0: 80; addr not set: any */
    const char *server_name;     /* the Server field; NULL: none; borrowed */
    uint32_t backlog;            /* 128 */
    uint32_t max_connections;    /* 256; beyond, the longest idle one is closed or callers wait */
    uint32_t max_requests;       /* per connection: 10000 */
    uint64_t idle_timeout_ns;    /* between requests: 60 s */
    uint64_t request_timeout_ns; /* for a whole head, and between pieces of content: 15 s */
    uint64_t write_timeout_ns;   /* without the client taking a byte: 30 s */
    struct http_limits limits;
};

/* `sockets` is borrowed. Requests go to `handler`. */
enum status http_server_new(struct sockets *sockets, const struct http_server_config *config,
                            http_handler handler, void *owner,
                            struct http_server **server) MUST_CHECK;

/* Aborts what is open; exchanges end with on_gone. Not from within a callback of the server. */
void http_server_free(struct http_server *server);
size_t http_server_connections(const struct http_server *server);

/* --- the request --- */

const struct http_message *http_exchange_request(const struct http_exchange *exchange);
struct endpoint http_exchange_local(const struct http_exchange *exchange);
struct endpoint http_exchange_remote(const struct http_exchange *exchange);

/* For whoever does not answer within the handler. `on_event`: content may be read or the response
 * written again, after -STATUS_AGAIN. `on_gone`: the connection is lost and the exchange with it;
 * not called after respond, finish, abort or an error from read_body. Either may be NULL. */
void http_exchange_set_owner(struct http_exchange *exchange, http_exchange_event on_event,
                             http_exchange_event on_gone, void *owner);

/* Bytes of content; 0 at its end; -STATUS_AGAIN. Any other error: the content was malformed, the
 * exchange is over and the server has answered. Reading sends "100 Continue" where it was expected
 * (RFC 9110 10.1.1). */
int64_t http_exchange_read_body(struct http_exchange *exchange, void *buffer, size_t size);

/* --- the response --- */

/* To add header fields to; Date, Server, Content-Length, Transfer-Encoding and Connection are the
 * server's own affair. */
struct http_message *http_exchange_response(struct http_exchange *exchange);

/* The whole response. `body` is copied; of an answer to HEAD only its length is used. */
void http_exchange_respond(struct http_exchange *exchange, uint16_t status, struct bytes body);

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

/* The head goes out; content of `length` bytes follows by write, then finish. */
void http_exchange_start(struct http_exchange *exchange, uint16_t status, uint64_t length);
int64_t http_exchange_write(struct http_exchange *exchange, struct bytes data); /* or -AGAIN */
void http_exchange_finish(struct http_exchange *exchange);

/* Gives up: the client sees the connection break. */
void http_exchange_abort(struct http_exchange *exchange);

/* The connection ends after this response; before respond or start. */
void http_exchange_close_after(struct http_exchange *exchange);

#endif
