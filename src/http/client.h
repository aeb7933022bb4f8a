/* An HTTP client: asks origins over persistent connections (RFC 9110, 9112).
 *
 * At most N connections per origin, one request at a time on each; a call waits until a connection
 * is free and takes the first that is. Connections are kept for reuse until they have been idle for
 * long. A server may close one just when the next request leaves: a request that can be repeated
 * without harm is then sent once more, on a fresh connection (RFC 9112 9.3.1).
 *
 * Names are not resolved here: who calls says which address to ask.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "http/message.h"
#include "socket/socket.h"

struct http_client;
struct http_call;

/* Zero means the default that is named. */
struct http_client_config {
    uint32_t max_connections;     /* per origin: 6 */
    uint32_t max_all_connections; /* to all origins: 256 */
    uint32_t max_calls;           /* under way or waiting: 1024 */
    uint64_t connect_timeout_ns;  /* 60 s */
    uint64_t response_timeout_ns; /* without a byte moving either way: 60 s */
    uint64_t idle_timeout_ns;     /* before an unused connection is closed: 60 s */
    struct http_limits limits;    /* of responses */
};

/* Absolute; 0: did not happen (a reused connection was not connected). */
struct http_times {
    uint64_t queued_ns, connect_started_ns, connected_ns, sent_ns, first_byte_ns, done_ns;
};

struct http_result {
    enum status status;                  /* OK whenever a response came, whatever it says */
    const char *error;                   /* for people, static, when status is not OK */
    const struct http_message *response; /* valid when OK */
    struct bytes body;
    struct endpoint local, remote; /* local is unset when no connection came about */
    bool reused;                   /* the connection had served before */
    uint32_t attempts;             /* 2: it had to be sent again */
    struct http_times times;
};

/* `result` is borrowed for the call; the http_call is gone after it. */
typedef void (*http_call_done)(void *owner, const struct http_result *result);

/* `sockets` is borrowed. */
struct http_client *http_client_new(struct sockets *sockets,
                                    const struct http_client_config *config);

/* Closes everything; calls end without a callback. Not from within a callback of a call. */
void http_client_free(struct http_client *client);
void http_client_close_idle(struct http_client *client);
size_t http_client_connections(const struct http_client *client);

/* A call to be filled in and started. An origin is `remote` and the request's authority. */
struct http_call *http_call_new(struct http_client *client, struct endpoint remote);

/* To set method, target and authority and add fields; Host, Content-Length and what else frames the
 * message are the client's affair. */
struct http_message *http_call_request(struct http_call *call);
void http_call_set_body(struct http_call *call, struct bytes body); /* copied */

/* Calls `done` exactly once, never before it returns, unless cancelled. */
void http_call_start(struct http_call *call, http_call_done done, void *owner);
void http_call_cancel(struct http_call *call); /* started or not */

#endif
