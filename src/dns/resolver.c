/* The recursive resolver's face to its clients: it answers from the cache, or starts a resolution,
 * or lets the client wait for one that runs already. */
#include "base/memory.h"
#include "dns/resolver_internal.h"
#include "dns/trace_internal.h"

#include <stdlib.h>

static void dns_resolver_on_query(void *owner, const struct dns_request *request);

enum status dns_resolver_new(struct sockets *sockets, const struct ip_addr *root_servers,
                             size_t n_root_servers, struct dns_resolver **out)
{
    struct dns_resolver *resolver = memory_new(sizeof *resolver);
    enum status status = dns_responder_new(sockets, "resolver", dns_resolver_on_query, resolver,
                                           &resolver->responder);
    if (status != STATUS_OK) {
        free(resolver);
        return status;
    }
    resolver->sockets = sockets;
    resolver->scope = sockets->scope;
    resolver->querier = dns_querier_new(sockets, "resolver");
    resolver->cache = dns_cache_new(sockets->scope, RESOLVER_MAX_CACHED);
    server_history_init(&resolver->history, sockets->scope);
    while (resolver->n_roots < n_root_servers && resolver->n_roots < RESOLVER_MAX_ROOTS) {
        resolver->roots[resolver->n_roots] = root_servers[resolver->n_roots];
        resolver->n_roots++;
    }
    dns_waiters_init(&resolver->waiters, RESOLVER_MAX_WAITERS);
    struct prng prng;
    scope_prng_init(sockets->scope, &prng, "dns-resolutions-hash");
    map_init(&resolver->resolutions, sizeof(struct dns_question_key), prng_u64(&prng));
    list_init(&resolver->free);
    *out = resolver;
    return STATUS_OK;
}

void dns_resolver_free(struct dns_resolver *resolver)
{
    resolution_free_all(resolver);
    dns_waiters_fini(&resolver->waiters);
    dns_querier_free(resolver->querier);
    dns_cache_free(resolver->cache);
    server_history_fini(&resolver->history);
    dns_responder_free(resolver->responder);
    free(resolver);
}

static void dns_resolver_send(struct dns_resolver *resolver, const struct dns_request *request,
                              const struct dns_finding *finding, bool from_cache)
{
    struct dns_message *response = dns_responder_start(resolver->responder, request);
    response->recursion_available = true;
    dns_finding_fill(finding, response);
    dns_responder_send(resolver->responder, request, from_cache);
}

static void dns_resolver_send_rcode(struct dns_resolver *resolver,
                                    const struct dns_request *request, enum dns_rcode rcode)
{
    struct dns_message *response = dns_responder_start(resolver->responder, request);
    response->recursion_available = true;
    response->rcode = (uint8_t)rcode;
    dns_responder_send(resolver->responder, request, false);
}

void dns_resolver_answer(struct dns_resolver *resolver, struct resolution *resolution)
{
    const struct dns_request *request;
    bool from_cache = resolution->n_queries == 0;
    while ((request = dns_waiters_take(&resolver->waiters, &resolution->waiters))) {
        dns_resolver_send(resolver, request, &resolution->finding, from_cache);
    }
}

/* True when the cache had the whole answer, which is sent. */
static bool dns_resolver_answer_from_cache(struct dns_resolver *resolver,
                                           const struct dns_request *request)
{
    struct dns_finding *finding = &resolver->finding;
    dns_finding_init(finding, resolver->scope, resolver->cache, &request->question);
    bool is_done = dns_finding_follow_cache(finding) == DNS_STEP_DONE;
    if (is_done) {
        dns_resolver_send(resolver, request, finding, true);
    }
    dns_finding_fini(finding);
    return is_done;
}

static void dns_resolver_resolve(struct dns_resolver *resolver, const struct dns_request *request)
{
    struct resolution *resolution = resolution_get(resolver, &request->question);
    bool is_new = !resolution;
    if (is_new) {
        resolution = resolution_new(resolver, &request->question, 0, RESOLUTION_MAX_QUERIES);
    }
    if (!resolution || !dns_waiters_add(&resolver->waiters, &resolution->waiters, request)) {
        dns_drop(resolver->scope, &DNS_DROP_BUSY, request->packet_id, "resolver");
        dns_resolver_send_rcode(resolver, request, DNS_SERVFAIL);
    }
    if (resolution && is_new) {
        resolution_start(resolution);
    }
}

static void dns_resolver_on_query(void *owner, const struct dns_request *request)
{
    struct dns_resolver *resolver = owner;
    if (request->question.type == DNS_ANY) {
        /* nobody can know all there is without asking for each type (RFC 8482 section 3) */
        dns_resolver_send_rcode(resolver, request, DNS_NOTIMP);
    } else if (dns_resolver_answer_from_cache(resolver, request)) {
        return;
    } else if (!request->recursion_desired) {
        /* DEVIATES: RFC 1034 4.3.2 would refer to the closest servers in the cache; to show the
         * cache to those who do not want an answer helps snoopers more than clients */
        dns_resolver_send_rcode(resolver, request, DNS_REFUSED);
    } else {
        dns_resolver_resolve(resolver, request);
    }
}
