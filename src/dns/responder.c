#include "dns/responder_internal.h"

#include "base/check.h"
#include "base/memory.h"
#include "dns/trace_internal.h"

#include <stdlib.h>

enum {
    EDNS_UDP_SIZE = 1232,  /* what fits every path without fragments (RFC 9715 section 3) */
    EDNS_BADVERS_HIGH = 1, /* BADVERS is 16: the upper bits of it (RFC 6891 section 9) */
    OPCODE_QUERY = 0,
    TYPE_META_FIRST = 128, /* RFC 6895 3.1: questions about data, up to 255 */
};

struct dns_responder {
    struct sockets *sockets;
    struct scope *scope;
    const char *role;
    dns_responder_on_query on_query;
    void *owner;
    struct datagram_socket *socket;
    struct dns_message query, response;
    struct dns_record query_records[DNS_MAX_RECORDS];
    struct dns_record response_records[DNS_MAX_RECORDS];
    uint8_t wire[EDNS_UDP_SIZE];
};

/* --- sending --- */

struct dns_message *dns_responder_start(struct dns_responder *responder,
                                        const struct dns_request *request)
{
    struct dns_message *response = &responder->response;
    *response = (struct dns_message){
        .id = request->id,
        .is_response = true,
        .recursion_desired = request->recursion_desired,
        .has_question = true,
        .question = request->question,
        .has_edns = request->has_edns, /* RFC 6891 6.1.1: an OPT for an OPT */
        .edns_udp_size = EDNS_UDP_SIZE,
        .records = responder->response_records,
    };
    return response;
}

/* Sends from the address that was asked, so that the client knows the answer for its own. */
static enum status dns_responder_send_bytes(struct dns_responder *responder,
                                            const struct dns_request *request, struct bytes bytes)
{
    struct datagram_route route = {.src = request->local};
    enum status status = datagram_send(responder->socket, request->client, bytes, &route);
    if (status == STATUS_UNSUPPORTED) {
        status = datagram_send(responder->socket, request->client, bytes, NULL);
    }
    return status;
}

void dns_responder_send(struct dns_responder *responder, const struct dns_request *request,
                        bool from_cache)
{
    /* DEVIATES: RFC 7766 section 5 wants TCP for those who get TC; it comes with the next
     * milestone */
    size_t room =
        request->udp_size < sizeof responder->wire ? request->udp_size : sizeof responder->wire;
    struct writer w = writer_of(responder->wire, room);
    responder->response.truncated = dns_emit(&w, &responder->response);
    CHECK(!w.failed); /* 512 bytes hold any question */
    struct bytes bytes = {responder->wire, (size_t)(w.p - responder->wire)};
    dns_trace(responder->scope, &DNS_RESPONSE_SENT, responder->role, request->client,
              request->packet_id, &responder->response, from_cache);
    if (dns_responder_send_bytes(responder, request, bytes) != STATUS_OK) {
        dns_drop(responder->scope, &DNS_DROP_UNSENT, request->packet_id, responder->role);
    }
}

void dns_responder_send_rcode(struct dns_responder *responder, const struct dns_request *request,
                              enum dns_rcode rcode)
{
    dns_responder_start(responder, request)->rcode = (uint8_t)rcode;
    dns_responder_send(responder, request, false);
}

/* --- receiving --- */

/* A response code that is the same whatever the role, or DNS_NOERROR: the role answers. */
static enum dns_rcode dns_responder_judge(const struct dns_message *query)
{
    if (query->opcode != OPCODE_QUERY) {
        return DNS_NOTIMP;
    }
    if (!query->has_question || query->question.type == DNS_OPT) {
        return DNS_FORMERR;
    }
    if (query->question.class != DNS_CLASS_IN) {
        return DNS_REFUSED;
    }
    bool is_meta = query->question.type >= TYPE_META_FIRST && query->question.type < DNS_ANY;
    return is_meta ? DNS_NOTIMP : DNS_NOERROR; /* zone transfers and the like */
}

/* Answers FORMERR to what has at least a query's header (RFC 1035 4.1.1); counts it as dropped. */
static void dns_responder_reject(struct dns_responder *responder, struct dns_request *request,
                                 bool has_header)
{
    dns_drop(responder->scope, &DNS_DROP_MALFORMED, request->packet_id, responder->role);
    if (!has_header || responder->query.is_response) {
        return;
    }
    struct dns_message *response = dns_responder_start(responder, request);
    response->rcode = responder->query.opcode == OPCODE_QUERY ? DNS_FORMERR : DNS_NOTIMP;
    response->opcode = responder->query.opcode;
    response->has_question = false;
    response->has_edns = false;
    dns_responder_send(responder, request, false);
}

static void dns_responder_dispatch(struct dns_responder *responder,
                                   const struct dns_request *request)
{
    const struct dns_message *query = &responder->query;
    enum dns_rcode rcode = dns_responder_judge(query);
    if (query->has_edns && query->edns_version > 0) {
        /* RFC 6891 6.1.3: a version that we do not know gets BADVERS */
        dns_responder_start(responder, request)->edns_rcode_high = EDNS_BADVERS_HIGH;
        dns_responder_send(responder, request, false);
    } else if (rcode != DNS_NOERROR) {
        struct dns_message *response = dns_responder_start(responder, request);
        response->opcode = query->opcode;
        response->rcode = (uint8_t)rcode;
        response->has_question = query->has_question;
        dns_responder_send(responder, request, false);
    } else {
        responder->on_query(responder->owner, request);
    }
}

static void dns_responder_input(struct dns_responder *responder, struct bytes bytes,
                                const struct datagram_info *info)
{
    struct dns_message *query = &responder->query;
    struct reader r = reader_of(bytes.p, bytes.len);
    query->records = responder->query_records;
    bool is_valid = dns_parse(&r, query);
    struct dns_request request = {
        .client = info->from,
        .local = info->to.addr,
        .packet_id = info->packet_id,
        .id = query->id,
        .recursion_desired = query->recursion_desired,
        .has_edns = query->has_edns,
        .udp_size = DNS_UDP_MAX,
        .question = query->question,
    };
    if (query->has_edns && query->edns_udp_size > DNS_UDP_MAX) {
        request.udp_size = query->edns_udp_size; /* RFC 6891 6.2.3: less than 512 means 512 */
    }
    if (!is_valid) {
        dns_responder_reject(responder, &request, bytes.len >= DNS_HEADER_LEN);
    } else if (query->is_response || info->from.port == 0) {
        /* answering an answer could go on for ever */
        dns_drop(responder->scope, &DNS_DROP_UNEXPECTED, info->packet_id, responder->role);
    } else {
        dns_trace(responder->scope, &DNS_QUERY_RECEIVED, responder->role, info->from,
                  info->packet_id, query, false);
        dns_responder_dispatch(responder, &request);
    }
}

static void dns_responder_on_event(void *owner)
{
    struct dns_responder *responder = owner;
    uint8_t buffer[EDNS_UDP_SIZE];
    struct datagram_info info;
    int64_t len;
    while ((len = datagram_receive(responder->socket, buffer, sizeof buffer, &info)) !=
           -(int64_t)STATUS_AGAIN) {
        if (len > (int64_t)sizeof buffer) {
            dns_drop(responder->scope, &DNS_DROP_MALFORMED, info.packet_id, responder->role);
        } else if (len >= 0) {
            dns_responder_input(responder, (struct bytes){buffer, (size_t)len}, &info);
        } /* an error tells of an answer that a client did not take: nothing to do */
    }
}

enum status dns_responder_new(struct sockets *sockets, const char *role,
                              dns_responder_on_query on_query, void *owner,
                              struct dns_responder **out)
{
    struct dns_responder *responder = memory_new(sizeof *responder);
    responder->sockets = sockets;
    responder->scope = sockets->scope;
    responder->role = role;
    responder->on_query = on_query;
    responder->owner = owner;
    struct datagram_options options = {.local.port = DNS_PORT};
    enum status status = sockets_open_datagram(sockets, &options, dns_responder_on_event, responder,
                                               &responder->socket);
    if (status != STATUS_OK) {
        free(responder);
        return status;
    }
    *out = responder;
    return STATUS_OK;
}

void dns_responder_free(struct dns_responder *responder)
{
    datagram_close(responder->socket);
    free(responder);
}
