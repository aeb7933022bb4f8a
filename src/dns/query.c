#include "dns/query_internal.h"

#include "base/check.h"
#include "base/list.h"
#include "base/memory.h"
#include "dns/trace_internal.h"

#include <stdlib.h>

enum { RECEIVE_MAX = 1232, QUERY_MAX = DNS_HEADER_LEN + DNS_NAME_MAX + 4 };

struct dns_query {
    struct list link; /* among the pending, or the free */
    struct dns_querier *querier;
    struct datagram_socket *socket; /* NULL: it could not be sent */
    struct timer timer;
    enum status failure; /* to be told when the timer expires */
    uint16_t id;
    bool recursion_desired;
    struct endpoint server;
    struct dns_question question;
    uint64_t sent_ns;
    dns_query_done done;
    void *owner;
};

/* Where a response is read and parsed: large, and only for those who ever ask. */
struct dns_answer_room {
    struct dns_message response;
    struct dns_record records[DNS_MAX_RECORDS];
    uint8_t wire[RECEIVE_MAX];
};

struct dns_querier {
    struct sockets *sockets;
    struct scope *scope;
    const char *role;
    struct prng ids;
    struct list pending;
    struct list free;
    struct dns_answer_room *room; /* made with the first query */
};

struct dns_querier *dns_querier_new(struct sockets *sockets, const char *role)
{
    struct dns_querier *querier = memory_new(sizeof *querier);
    querier->sockets = sockets;
    querier->scope = sockets->scope;
    querier->role = role;
    scope_prng_init(sockets->scope, &querier->ids, "dns-query-id");
    list_init(&querier->pending);
    list_init(&querier->free);
    return querier;
}

void dns_querier_free(struct dns_querier *querier)
{
    LIST_FOR_EACH_SAFE (link, &querier->pending) {
        dns_query_cancel(container_of(link, struct dns_query, link));
    }
    LIST_FOR_EACH_SAFE (link, &querier->free) {
        struct dns_query *query = container_of(link, struct dns_query, link);
        timer_fini(&query->timer);
        free(query);
    }
    free(querier->room);
    free(querier);
}

/* --- asking --- */

static void dns_query_on_timer(void *owner);
static void dns_query_on_event(void *owner);

static struct dns_query *dns_querier_take(struct dns_querier *querier)
{
    struct dns_query *query;
    if (!querier->room) {
        querier->room = memory_new(sizeof *querier->room);
    }
    if (list_is_empty(&querier->free)) {
        query = memory_new(sizeof *query);
        query->querier = querier;
        scope_timer_init(querier->scope, &query->timer, dns_query_on_timer, query);
    } else {
        query = container_of(querier->free.next, struct dns_query, link);
        list_remove(&query->link);
    }
    list_add_last(&query->link, &querier->pending);
    return query;
}

/* The query as a message. */
static struct dns_message dns_query_message(const struct dns_query *query)
{
    return (struct dns_message){
        .id = query->id,
        .recursion_desired = query->recursion_desired,
        .has_question = true,
        .question = query->question,
    };
}

static enum status dns_query_open(struct dns_query *query)
{
    struct dns_querier *querier = query->querier;
    struct datagram_options options = {0}; /* port 0: a random one */
    enum status status = sockets_open_datagram(querier->sockets, &options, dns_query_on_event,
                                               query, &query->socket);
    if (status != STATUS_OK) {
        query->socket = NULL;
        return status;
    }
    return datagram_connect(query->socket, query->server);
}

static enum status dns_query_send(struct dns_query *query)
{
    uint8_t wire[QUERY_MAX];
    struct writer w = writer_of(wire, sizeof wire);
    struct dns_message message = dns_query_message(query);
    (void)dns_emit(&w, &message);
    CHECK(!w.failed);
    dns_trace(query->querier->scope, &DNS_QUERY_SENT, query->querier->role, query->server, 0,
              &message, false);
    struct bytes bytes = {wire, (size_t)(w.p - wire)};
    return datagram_send(query->socket, (struct endpoint){0}, bytes, NULL);
}

struct dns_query *dns_querier_ask(struct dns_querier *querier, struct ip_addr server,
                                  const struct dns_question *question, bool recursion_desired,
                                  uint64_t timeout_ns, dns_query_done done, void *owner)
{
    struct dns_query *query = dns_querier_take(querier);
    query->id = prng_u16(&querier->ids);
    query->recursion_desired = recursion_desired;
    query->server = (struct endpoint){server, DNS_PORT};
    query->question = *question;
    query->sent_ns = scope_now(querier->scope);
    query->done = done;
    query->owner = owner;
    query->failure = dns_query_open(query);
    if (query->failure == STATUS_OK) {
        query->failure = dns_query_send(query);
    }
    /* a failure is told as soon as the caller is done */
    timer_set(&query->timer, query->sent_ns + (query->failure == STATUS_OK ? timeout_ns : 0));
    return query;
}

/* --- ending --- */

void dns_query_cancel(struct dns_query *query)
{
    timer_stop(&query->timer);
    if (query->socket) {
        datagram_close(query->socket);
        query->socket = NULL;
    }
    list_remove(&query->link);
    list_add_first(&query->link, &query->querier->free);
}

/* The owner may free the querier in its callback: nothing of it is touched after. */
static void dns_query_finish(struct dns_query *query, enum status status,
                             const struct dns_message *response)
{
    struct dns_reply reply = {
        .status = status,
        .response = response,
        .server = query->server.addr,
        .rtt_ns = scope_now(query->querier->scope) - query->sent_ns,
    };
    dns_query_done done = query->done;
    void *owner = query->owner;
    dns_query_cancel(query);
    done(owner, &reply);
}

static void dns_query_on_timer(void *owner)
{
    struct dns_query *query = owner;
    if (query->failure != STATUS_OK) {
        dns_query_finish(query, query->failure, NULL);
        return;
    }
    struct dns_message message = dns_query_message(query);
    dns_trace(query->querier->scope, &DNS_TIMED_OUT, query->querier->role, query->server, 0,
              &message, false);
    dns_query_finish(query, STATUS_TIMED_OUT, NULL);
}

/* --- answers --- */

/* RFC 5452 section 9.1: the answer's id, source and question are those of the query. */
static bool dns_query_is_answered_by(const struct dns_query *query,
                                     const struct dns_message *response, struct endpoint from)
{
    if (!response->is_response || response->opcode != 0 || response->id != query->id ||
        !endpoint_equal(from, query->server)) {
        return false;
    }
    if (!response->has_question) {
        return response->rcode == DNS_FORMERR; /* it could not read the question */
    }
    return dns_question_equal(&response->question, &query->question);
}

/* True when the query is over. */
static bool dns_query_input(struct dns_query *query, size_t len, const struct datagram_info *info)
{
    struct dns_querier *querier = query->querier;
    struct dns_message *response = &querier->room->response;
    struct reader r = reader_of(querier->room->wire, len);
    response->records = querier->room->records;
    if (len > sizeof querier->room->wire || !dns_parse(&r, response)) {
        dns_drop(querier->scope, &DNS_DROP_MALFORMED, info->packet_id, querier->role);
        return false;
    }
    if (!dns_query_is_answered_by(query, response, info->from)) {
        dns_drop(querier->scope, &DNS_DROP_UNEXPECTED, info->packet_id, querier->role);
        return false;
    }
    dns_trace(querier->scope, &DNS_RESPONSE_RECEIVED, querier->role, query->server, info->packet_id,
              response, false);
    dns_query_finish(query, STATUS_OK, response);
    return true;
}

static void dns_query_on_event(void *owner)
{
    struct dns_query *query = owner;
    for (;;) {
        struct dns_querier *querier = query->querier;
        struct datagram_info info = {0};
        struct dns_answer_room *room = querier->room;
        int64_t len = datagram_receive(query->socket, room->wire, sizeof room->wire, &info);
        if (len == -(int64_t)STATUS_AGAIN) {
            return;
        }
        if (len < 0) {
            dns_query_finish(query, (enum status) - len, NULL);
            return;
        }
        if (dns_query_input(query, (size_t)len, &info)) {
            return;
        }
    }
}
