/* One question's way through the tree (RFC 1034 5.3.3).
 *
 *   step:   what does the cache know? If it knows all, done.
 *   ask:    the servers closest to the name: send a query to the best of them, or, when none has an
 *           address, look one up first, which is a resolution of its own.
 *   read:   an answer (done), an alias (step, with the new name), a referral (step: the servers are
 *           closer now), or nonsense (ask the next server).
 *
 * It always ends: each referral must lead closer to the name, aliases are counted, resolutions
 * that wait for each other form no circle, their depth is limited, and so is the number of queries,
 * which a resolution shares with all that it waits for; at last there is the time limit.
 *
 * What a server says is believed only for names within the zone that it was asked about.
 */
#include "base/check.h"
#include "base/memory.h"
#include "dns/resolver_internal.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)
#define TIMEOUT_UNKNOWN_NS (1000 * MS) /* of a server that we do not know yet */
#define TIMEOUT_MIN_NS (400 * MS)
#define TIMEOUT_MAX_NS (2000 * MS)
#define GIVE_UP_NS (15000 * MS)

static void resolution_step(struct resolution *resolution);
static void resolution_ask(struct resolution *resolution);

/* --- coming and going --- */

struct resolution *resolution_get(struct dns_resolver *resolver,
                                  const struct dns_question *question)
{
    struct dns_question_key key = dns_question_key(question, true);
    return map_get(&resolver->resolutions, &key);
}

static void resolution_on_resume(void *owner)
{
    struct resolution *resolution = owner;
    delegation_refresh(&resolution->delegation, resolution->resolver->cache);
    resolution_ask(resolution);
}

static struct resolution *resolution_take(struct dns_resolver *resolver)
{
    if (!list_is_empty(&resolver->free)) {
        struct resolution *resolution = container_of(resolver->free.next, struct resolution, link);
        list_remove(&resolution->link);
        return resolution;
    }
    struct resolution *resolution = memory_new(sizeof *resolution);
    resolution->resolver = resolver;
    list_init(&resolution->link);
    list_init(&resolution->dependents);
    list_init(&resolution->dependent);
    list_init(&resolution->waiters);
    scope_event_init(resolver->scope, &resolution->resume, resolution_on_resume, resolution);
    return resolution;
}

struct resolution *resolution_new(struct dns_resolver *resolver,
                                  const struct dns_question *question, unsigned depth,
                                  unsigned max_queries)
{
    if (resolver->resolutions.count == RESOLVER_MAX_RESOLUTIONS) {
        return NULL;
    }
    struct resolution *resolution = resolution_take(resolver);
    resolution->question = *question;
    resolution->depth = depth;
    resolution->max_queries = max_queries;
    resolution->n_queries = 0;
    resolution->give_up_ns = scope_now(resolver->scope) + GIVE_UP_NS;
    dns_finding_init(&resolution->finding, resolver->scope, resolver->cache, question);
    struct dns_question_key key = dns_question_key(question, true);
    CHECK(!map_put(&resolver->resolutions, &key, resolution));
    return resolution;
}

/* Lets go of everything it holds or waits for. */
static void resolution_release(struct resolution *resolution)
{
    if (resolution->query) {
        dns_query_cancel(resolution->query);
        resolution->query = NULL;
    }
    env_cancel(resolution->resolver->scope->env, &resolution->resume);
    list_remove(&resolution->dependent);
    resolution->waits_for = NULL;
    delegation_clear(&resolution->delegation);
    dns_finding_fini(&resolution->finding);
}

void resolution_free_all(struct dns_resolver *resolver)
{
    size_t cursor = 0;
    struct resolution *resolution;
    while ((resolution = map_next(&resolver->resolutions, &cursor))) {
        while (dns_waiters_take(&resolver->waiters, &resolution->waiters)) {
        }
        resolution_release(resolution);
        list_add_first(&resolution->link, &resolver->free);
    }
    map_fini(&resolver->resolutions);
    LIST_FOR_EACH_SAFE (link, &resolver->free) {
        free(container_of(link, struct resolution, link));
    }
}

/* Wakes those who wait for this one. They run once the running event is done. */
static void resolution_wake_dependents(struct resolution *resolution)
{
    LIST_FOR_EACH_SAFE (link, &resolution->dependents) {
        struct resolution *dependent = container_of(link, struct resolution, dependent);
        list_remove(&dependent->dependent);
        dependent->waits_for = NULL;
        dependent->n_queries += resolution->n_queries;
        env_defer(resolution->resolver->scope->env, &dependent->resume);
    }
}

static void resolution_finish(struct resolution *resolution)
{
    struct dns_resolver *resolver = resolution->resolver;
    struct dns_question_key key = dns_question_key(&resolution->question, true);
    CHECK(map_remove(&resolver->resolutions, &key) == resolution);
    dns_resolver_answer(resolver, resolution);
    resolution_wake_dependents(resolution);
    resolution_release(resolution);
    list_add_first(&resolution->link, &resolver->free);
}

static void resolution_fail(struct resolution *resolution)
{
    dns_finding_fini(&resolution->finding);
    resolution->finding.rcode = DNS_SERVFAIL;
    resolution_finish(resolution);
}

void resolution_start(struct resolution *resolution)
{
    resolution_step(resolution);
}

/* --- step and ask --- */

static void resolution_step(struct resolution *resolution)
{
    switch (dns_finding_follow_cache(&resolution->finding)) {
    case DNS_STEP_DONE:
        resolution_finish(resolution);
        return;
    case DNS_STEP_FAILED:
        resolution_fail(resolution);
        return;
    case DNS_STEP_NONE:
    case DNS_STEP_ALIASED:
        break;
    }
    const struct dns_resolver *resolver = resolution->resolver;
    delegation_find(&resolution->delegation, resolver->cache, resolver->roots, resolver->n_roots,
                    &resolution->finding.name);
    resolution_ask(resolution);
}

static void resolution_on_reply(void *owner, const struct dns_reply *reply);

/* A server that is known to answer fast is given up on earlier; the second time it gets twice as
 * long. */
static uint64_t resolution_timeout_ns(const struct resolution *resolution,
                                      const struct delegation_address *address)
{
    uint64_t rtt_ns = server_history_rtt(&resolution->resolver->history, address->addr);
    uint64_t timeout_ns = rtt_ns == 0                   ? TIMEOUT_UNKNOWN_NS
                          : rtt_ns * 4 < TIMEOUT_MIN_NS ? TIMEOUT_MIN_NS
                          : rtt_ns * 4 > TIMEOUT_MAX_NS ? TIMEOUT_MAX_NS
                                                        : rtt_ns * 4;
    return timeout_ns << address->tries;
}

static void resolution_send(struct resolution *resolution, struct delegation_address *address)
{
    struct dns_question question = {resolution->finding.name, resolution->question.type,
                                    DNS_CLASS_IN};
    uint64_t timeout_ns = resolution_timeout_ns(resolution, address);
    address->tries++;
    resolution->n_queries++;
    resolution->asked = address;
    resolution->query = dns_querier_ask(resolution->resolver->querier, address->addr, &question,
                                        false, timeout_ns, resolution_on_reply, resolution);
}

/* True when waiting for `other` would be waiting for oneself. */
static bool resolution_would_wait_in_circle(const struct resolution *resolution,
                                            const struct resolution *other)
{
    while (other && other != resolution) {
        other = other->waits_for;
    }
    return other == resolution;
}

/* Waits for the address of the server of that name; false when that makes no sense. */
static bool resolution_look_up_server(struct resolution *resolution, const struct dns_name *server)
{
    struct dns_resolver *resolver = resolution->resolver;
    struct dns_question question = {*server, DNS_A, DNS_CLASS_IN};
    struct resolution *other = resolution_get(resolver, &question);
    bool is_new = !other;
    if (is_new && resolution->depth < RESOLUTION_MAX_DEPTH) {
        other = resolution_new(resolver, &question, resolution->depth + 1,
                               resolution->max_queries - resolution->n_queries);
    }
    if (!other || resolution_would_wait_in_circle(resolution, other)) {
        return false;
    }
    if (is_new) {
        other->give_up_ns = resolution->give_up_ns;
    }
    resolution->waits_for = other;
    list_add_last(&resolution->dependent, &other->dependents);
    if (is_new) {
        resolution_start(other); /* if it ends at once, ours is resumed later */
    }
    return true;
}

static void resolution_ask(struct resolution *resolution)
{
    struct dns_resolver *resolver = resolution->resolver;
    struct dns_name server;
    for (;;) {
        if (resolution->n_queries >= resolution->max_queries ||
            scope_now(resolver->scope) >= resolution->give_up_ns) {
            resolution_fail(resolution);
            return;
        }
        struct delegation_address *address =
            delegation_next_address(&resolution->delegation, &resolver->history);
        bool is_fresh = address && address->tries == 0;
        if (!is_fresh && delegation_next_name(&resolution->delegation, &server)) {
            if (resolution_look_up_server(resolution, &server)) {
                return;
            }
        } else if (address) {
            resolution_send(resolution, address);
            return;
        } else {
            resolution_fail(resolution);
            return;
        }
    }
}

/* --- read --- */

/* The zone that a referral leads to: nearer to the name than the one asked, and on its way; NULL:
 * it is no referral, or one that leads nowhere. */
static const struct dns_name *resolution_referral(const struct resolution *resolution,
                                                  const struct dns_message *response)
{
    const struct dns_name *zone = &resolution->delegation.zone;
    size_t count;
    const struct dns_record *records = dns_section_records(response, DNS_AUTHORITY, &count);
    for (size_t i = 0; i < count && response->rcode == DNS_NOERROR; i++) {
        const struct dns_name *cut = &records[i].name;
        if (records[i].type == DNS_NS && records[i].class == DNS_CLASS_IN &&
            dns_name_is_within(cut, zone) && !dns_name_equal(cut, zone) &&
            dns_name_is_within(&resolution->finding.name, cut)) {
            return cut;
        }
    }
    return NULL;
}

/* Caches the addresses of a server, if the one who sends them may speak for that name: glue from
 * outside its zone could be anybody's (RFC 5452 section 6). */
static void resolution_cache_glue(const struct resolution *resolution,
                                  const struct dns_message *response, const struct dns_name *server)
{
    size_t count;
    const struct dns_record *extra = dns_section_records(response, DNS_ADDITIONAL, &count);
    if (dns_name_is_within(server, &resolution->delegation.zone)) {
        struct dns_rrset *set = dns_rrset_collect(extra, count, server, DNS_A);
        if (set) {
            dns_cache_put(resolution->resolver->cache, server, set, DNS_RANK_EXTRA);
            dns_rrset_put(set);
        }
    }
}

static void resolution_cache_referral(const struct resolution *resolution,
                                      const struct dns_message *response,
                                      const struct dns_name *cut)
{
    size_t count;
    const struct dns_record *records = dns_section_records(response, DNS_AUTHORITY, &count);
    struct dns_rrset *ns = dns_rrset_collect(records, count, cut, DNS_NS);
    dns_cache_put(resolution->resolver->cache, cut, ns, DNS_RANK_EXTRA);
    struct dns_record record;
    struct reader r = dns_rrset_reader(ns);
    while (dns_rrset_next(&r, ns, &record)) {
        resolution_cache_glue(resolution, response, &record.rdata.name);
    }
    dns_rrset_put(ns);
}

/* Goes on at the servers that the referral names. */
static void resolution_follow_referral(struct resolution *resolution,
                                       const struct dns_message *response,
                                       const struct dns_name *cut)
{
    size_t labels = dns_name_label_count(&resolution->delegation.zone);
    resolution_cache_referral(resolution, response, cut);
    const struct dns_resolver *resolver = resolution->resolver;
    delegation_find(&resolution->delegation, resolver->cache, resolver->roots, resolver->n_roots,
                    &resolution->finding.name);
    if (dns_name_label_count(&resolution->delegation.zone) <= labels) {
        resolution_fail(resolution); /* its servers have no addresses: it led nowhere */
        return;
    }
    resolution_ask(resolution);
}

/* The server is of no use for this zone: lame, failing or refusing. */
static void resolution_skip_server(struct resolution *resolution)
{
    resolution->asked->tries = DELEGATION_ROUNDS;
    resolution_ask(resolution);
}

static void resolution_read(struct resolution *resolution, const struct dns_message *response)
{
    if (response->rcode != DNS_NOERROR && response->rcode != DNS_NXDOMAIN) {
        resolution_skip_server(resolution);
        return;
    }
    const struct dns_name zone = resolution->delegation.zone;
    const struct dns_name *cut;
    switch (dns_finding_read(&resolution->finding, response, &zone)) {
    case DNS_STEP_DONE:
        resolution_finish(resolution);
        break;
    case DNS_STEP_FAILED:
        resolution_fail(resolution);
        break;
    case DNS_STEP_ALIASED:
        resolution_step(resolution);
        break;
    case DNS_STEP_NONE:
        cut = resolution_referral(resolution, response);
        if (cut) {
            resolution_follow_referral(resolution, response, cut);
        } else {
            resolution_skip_server(resolution);
        }
    }
}

static void resolution_on_reply(void *owner, const struct dns_reply *reply)
{
    struct resolution *resolution = owner;
    struct server_history *history = &resolution->resolver->history;
    resolution->query = NULL;
    if (reply->status != STATUS_OK) {
        server_history_add_failure(history, reply->server);
        resolution_ask(resolution);
        return;
    }
    server_history_add_answer(history, reply->server, reply->rtt_ns);
    resolution_read(resolution, reply->response);
}
