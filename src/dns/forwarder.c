/* The forwarder: what a home router does (RFC 5625). It asks its upstreams what it does not know,
 * one after the other, each question once however many clients wait for it, and hands their
 * responses on as they are.
 *
 * DEVIATES: RFC 5625 4.4: the OPT record (EDNS0) is ours on both sides, not the client's; section
 * 4.3: opcodes other than QUERY are not forwarded but answered NOTIMP; section 4.1: no TCP yet. */
#include "base/check.h"
#include "base/map.h"
#include "base/memory.h"
#include "dns/finding_internal.h"
#include "dns/query_internal.h"
#include "dns/trace_internal.h"
#include "dns/waiters_internal.h"

#include <stdlib.h>

enum {
    MAX_UPSTREAMS = 4,
    MAX_FORWARDINGS = 1024, /* questions open at once */
    MAX_WAITERS = 4096,
    MAX_CACHED = 10000,
    ROUNDS = 2,
};
#define TIMEOUT_NS UINT64_C(5000000000) /* RFC 1536 section 1: five seconds at first */

struct dns_forwarder {
    struct scope *scope;
    struct dns_responder *responder;
    struct dns_querier *querier;
    struct dns_cache *cache;
    struct ip_addr upstreams[MAX_UPSTREAMS];
    size_t n_upstreams;
    struct dns_waiters waiters;
    struct map forwardings; /* by struct dns_question_key */
    struct list free;       /* struct forwarding */
    struct dns_finding finding;
};

/* One question that is with an upstream. */
struct forwarding {
    struct list link; /* in the free list */
    struct dns_forwarder *forwarder;
    struct dns_question question;
    bool recursion_desired;
    struct dns_query *query;
    size_t attempts;
    struct list waiters;
};

static void dns_forwarder_on_query(void *owner, const struct dns_request *request);

enum status dns_forwarder_new(struct sockets *sockets, struct dns_forwarder **out)
{
    struct dns_forwarder *forwarder = memory_new(sizeof *forwarder);
    enum status status = dns_responder_new(sockets, "forwarder", dns_forwarder_on_query, forwarder,
                                           &forwarder->responder);
    if (status != STATUS_OK) {
        free(forwarder);
        return status;
    }
    forwarder->scope = sockets->scope;
    forwarder->querier = dns_querier_new(sockets, "forwarder");
    forwarder->cache = dns_cache_new(sockets->scope, MAX_CACHED);
    dns_waiters_init(&forwarder->waiters, MAX_WAITERS);
    struct prng prng;
    scope_prng_init(sockets->scope, &prng, "dns-forwardings-hash");
    map_init(&forwarder->forwardings, sizeof(struct dns_question_key), prng_u64(&prng));
    list_init(&forwarder->free);
    *out = forwarder;
    return STATUS_OK;
}

void dns_forwarder_free(struct dns_forwarder *forwarder)
{
    size_t cursor = 0;
    struct forwarding *forwarding;
    while ((forwarding = map_next(&forwarder->forwardings, &cursor))) {
        while (dns_waiters_take(&forwarder->waiters, &forwarding->waiters)) {
        }
        list_add_first(&forwarding->link, &forwarder->free);
    }
    LIST_FOR_EACH_SAFE (link, &forwarder->free) {
        free(container_of(link, struct forwarding, link));
    }
    map_fini(&forwarder->forwardings);
    dns_waiters_fini(&forwarder->waiters);
    dns_querier_free(forwarder->querier);
    dns_cache_free(forwarder->cache);
    dns_responder_free(forwarder->responder);
    free(forwarder);
}

void dns_forwarder_set_upstreams(struct dns_forwarder *forwarder, const struct ip_addr *servers,
                                 size_t count)
{
    forwarder->n_upstreams = count < MAX_UPSTREAMS ? count : MAX_UPSTREAMS;
    for (size_t i = 0; i < forwarder->n_upstreams; i++) {
        forwarder->upstreams[i] = servers[i];
    }
}

/* --- answering --- */

static struct dns_message *dns_forwarder_start(struct dns_forwarder *forwarder,
                                               const struct dns_request *request)
{
    struct dns_message *response = dns_responder_start(forwarder->responder, request);
    response->recursion_available = true;
    return response;
}

static void dns_forwarder_send_failure(struct dns_forwarder *forwarder,
                                       const struct dns_request *request)
{
    dns_forwarder_start(forwarder, request)->rcode = DNS_SERVFAIL;
    dns_responder_send(forwarder->responder, request, false);
}

/* Hands an upstream's response on: its records and what its header says of them. */
static void dns_forwarder_relay(struct dns_forwarder *forwarder, const struct dns_request *request,
                                const struct dns_message *upstream)
{
    struct dns_message *response = dns_forwarder_start(forwarder, request);
    response->authoritative = upstream->authoritative;
    response->truncated = upstream->truncated;
    response->recursion_available = upstream->recursion_available;
    response->rcode = upstream->rcode;
    for (enum dns_section section = 0; section < DNS_SECTIONS; section++) {
        size_t count;
        const struct dns_record *records = dns_section_records(upstream, section, &count);
        for (size_t i = 0; i < count; i++) {
            bool has_room = dns_add_record(response, section, &records[i]);
            CHECK(has_room); /* it was parsed into as much */
        }
    }
    dns_responder_send(forwarder->responder, request, false);
}

static bool dns_forwarder_answer_from_cache(struct dns_forwarder *forwarder,
                                            const struct dns_request *request)
{
    struct dns_finding *finding = &forwarder->finding;
    dns_finding_init(finding, forwarder->scope, forwarder->cache, &request->question);
    bool is_done = dns_finding_follow_cache(finding) == DNS_STEP_DONE;
    if (is_done) {
        dns_finding_fill(finding, dns_forwarder_start(forwarder, request));
        dns_responder_send(forwarder->responder, request, true);
    }
    dns_finding_fini(finding);
    return is_done;
}

/* --- asking --- */

static void forwarding_on_reply(void *owner, const struct dns_reply *reply);

/* Asks the upstream whose turn it is; false when all had theirs. */
static bool forwarding_ask(struct forwarding *forwarding)
{
    struct dns_forwarder *forwarder = forwarding->forwarder;
    if (forwarding->attempts >= ROUNDS * forwarder->n_upstreams) {
        return false;
    }
    struct ip_addr server = forwarder->upstreams[forwarding->attempts % forwarder->n_upstreams];
    forwarding->attempts++;
    forwarding->query =
        dns_querier_ask(forwarder->querier, server, &forwarding->question,
                        forwarding->recursion_desired, TIMEOUT_NS, forwarding_on_reply, forwarding);
    return true;
}

/* Puts what the upstream said into the cache. It is a resolver of our choice: it may speak for all
 * names. */
static void dns_forwarder_cache(struct dns_forwarder *forwarder,
                                const struct dns_question *question,
                                const struct dns_message *response)
{
    static const struct dns_name root = {.len = 1};
    struct dns_finding *finding = &forwarder->finding;
    bool is_whole = !response->truncated && question->type != DNS_ANY;
    if (is_whole && (response->rcode == DNS_NOERROR || response->rcode == DNS_NXDOMAIN)) {
        dns_finding_init(finding, forwarder->scope, forwarder->cache, question);
        (void)dns_finding_read(finding, response, &root);
        dns_finding_fini(finding);
    }
}

/* Answers all who wait: with the upstream's response, or SERVFAIL when there is none. */
static void forwarding_finish(struct forwarding *forwarding, const struct dns_message *upstream)
{
    struct dns_forwarder *forwarder = forwarding->forwarder;
    struct dns_question_key key =
        dns_question_key(&forwarding->question, forwarding->recursion_desired);
    map_remove(&forwarder->forwardings, &key);
    const struct dns_request *request;
    while ((request = dns_waiters_take(&forwarder->waiters, &forwarding->waiters))) {
        if (upstream) {
            dns_forwarder_relay(forwarder, request, upstream);
        } else {
            dns_forwarder_send_failure(forwarder, request);
        }
    }
    list_add_first(&forwarding->link, &forwarder->free);
}

static void forwarding_on_reply(void *owner, const struct dns_reply *reply)
{
    struct forwarding *forwarding = owner;
    forwarding->query = NULL;
    bool is_useful = reply->status == STATUS_OK && reply->response->rcode != DNS_SERVFAIL &&
                     reply->response->rcode != DNS_REFUSED;
    if (!is_useful && forwarding_ask(forwarding)) {
        return; /* perhaps another upstream knows */
    }
    if (is_useful) {
        dns_forwarder_cache(forwarding->forwarder, &forwarding->question, reply->response);
    }
    forwarding_finish(forwarding, reply->response);
}

/* A new forwarding; NULL at the limit. */
static struct forwarding *forwarding_new(struct dns_forwarder *forwarder,
                                         const struct dns_question_key *key,
                                         const struct dns_question *question)
{
    struct forwarding *forwarding;
    if (forwarder->forwardings.count == MAX_FORWARDINGS) {
        return NULL;
    }
    if (list_is_empty(&forwarder->free)) {
        forwarding = memory_new(sizeof *forwarding);
        forwarding->forwarder = forwarder;
        list_init(&forwarding->waiters);
    } else {
        forwarding = container_of(forwarder->free.next, struct forwarding, link);
        list_remove(&forwarding->link);
    }
    list_init(&forwarding->link);
    forwarding->question = *question;
    forwarding->recursion_desired = key->recursion_desired;
    forwarding->attempts = 0;
    map_put(&forwarder->forwardings, key, forwarding);
    return forwarding;
}

static void dns_forwarder_forward(struct dns_forwarder *forwarder,
                                  const struct dns_request *request)
{
    struct dns_question_key key = dns_question_key(&request->question, request->recursion_desired);
    struct forwarding *forwarding = map_get(&forwarder->forwardings, &key);
    bool is_new = !forwarding;
    if (is_new) {
        forwarding = forwarding_new(forwarder, &key, &request->question);
    }
    if (!forwarding || !dns_waiters_add(&forwarder->waiters, &forwarding->waiters, request)) {
        dns_drop(forwarder->scope, &DNS_DROP_BUSY, request->packet_id, "forwarder");
        dns_forwarder_send_failure(forwarder, request);
    }
    if (forwarding && is_new && !forwarding_ask(forwarding)) {
        forwarding_finish(forwarding, NULL);
    }
}

static void dns_forwarder_on_query(void *owner, const struct dns_request *request)
{
    struct dns_forwarder *forwarder = owner;
    bool is_any = request->question.type == DNS_ANY; /* of which the cache never knows all */
    if (is_any || !dns_forwarder_answer_from_cache(forwarder, request)) {
        dns_forwarder_forward(forwarder, request);
    }
}
