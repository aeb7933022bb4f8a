/* What HTTP tells the trace. */
#ifndef HTTP_HTTP_TRACE_H
#define HTTP_HTTP_TRACE_H

#include "wire/address.h"

struct http_message_event {
    struct endpoint local, remote; /* of the connection */
    uint32_t exchange;             /* counts the exchanges of this connection, from 1 */
    const char *method;            /* of the request */
    const char *target;
    const char *authority; /* Host */
    uint16_t status;       /* of a response; 0 in a request */
    const char *reason;    /* "Not Found" */
    const char *headers;   /* as on the wire, lines ended by \n */
    uint64_t body_len;
};
extern const struct trace_kind HTTP_REQUEST_SENT;     /* "http.request-sent" (client) */
extern const struct trace_kind HTTP_REQUEST_RECEIVED; /* "http.request-received" (server) */
extern const struct trace_kind HTTP_RESPONSE_SENT;    /* "http.response-sent": its head is out */
extern const struct trace_kind
    HTTP_RESPONSE_RECEIVED;                  /* "http.response-received": whole, body too */
extern const struct trace_kind HTTP_REFUSED; /* "http.refused": a malformed request */

#endif
