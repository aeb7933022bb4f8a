#include "http/http_trace.h"

static const struct trace_field FIELDS[] = {
    TRACE_FIELD(struct http_message_event, local, TRACE_ENDPOINT),
    TRACE_FIELD(struct http_message_event, remote, TRACE_ENDPOINT),
    TRACE_FIELD(struct http_message_event, exchange, TRACE_U32),
    TRACE_FIELD(struct http_message_event, method, TRACE_TEXT),
    TRACE_FIELD(struct http_message_event, target, TRACE_TEXT),
    TRACE_FIELD(struct http_message_event, authority, TRACE_TEXT),
    TRACE_FIELD(struct http_message_event, status, TRACE_U16),
    TRACE_FIELD(struct http_message_event, reason, TRACE_TEXT),
    TRACE_FIELD(struct http_message_event, headers, TRACE_TEXT),
    TRACE_FIELD(struct http_message_event, body_len, TRACE_U64),
};

TRACE_KIND(HTTP_REQUEST_SENT, "http.request-sent", "{method} {target} for {authority} to {remote}",
           FIELDS);
TRACE_KIND(HTTP_REQUEST_RECEIVED, "http.request-received",
           "{method} {target} for {authority} from {remote}", FIELDS);
TRACE_KIND(HTTP_RESPONSE_SENT, "http.response-sent",
           "{status} {reason} for {method} {target} to {remote}", FIELDS);
TRACE_KIND(HTTP_RESPONSE_RECEIVED, "http.response-received",
           "{status} {reason} for {method} {target}, {body_len} bytes from {remote}", FIELDS);
TRACE_KIND(HTTP_REFUSED, "http.refused", "refused with {status}: {reason}, from {remote}", FIELDS);
