#include "dns/finding_internal.h"

#define NS_PER_S UINT64_C(1000000000)

void dns_finding_init(struct dns_finding *finding, const struct scope *scope,
                      struct dns_cache *cache, const struct dns_question *question)
{
    finding->cache = cache;
    finding->scope = scope;
    finding->type = question->type;
    finding->name = question->name;
    finding->n_links = 0;
    finding->soa.set = NULL;
    finding->rcode = DNS_NOERROR;
    finding->truncated = false;
}

void dns_finding_fini(struct dns_finding *finding)
{
    for (size_t i = 0; i < finding->n_links; i++) {
        dns_rrset_put(finding->links[i].set);
    }
    finding->n_links = 0;
    dns_rrset_put(finding->soa.set);
    finding->soa.set = NULL;
}

static void dns_found_set(const struct dns_finding *finding, struct dns_found *found,
                          const struct dns_name *owner, struct dns_rrset *set, uint32_t ttl_s)
{
    found->owner = *owner;
    found->set = dns_rrset_get(set);
    found->expires_ns = scope_now(finding->scope) + ttl_s * NS_PER_S;
}

/* Appends the name's set. When it is an alias the name is its target from now on. */
static enum dns_step dns_finding_add(struct dns_finding *finding, struct dns_rrset *set,
                                     uint32_t ttl_s)
{
    bool is_alias = set->type == DNS_CNAME && finding->type != DNS_CNAME;
    /* the last link is for what stands at the end; an alias is one record (RFC 2181 10.1) */
    if (is_alias && (finding->n_links == DNS_MAX_ALIASES || set->count != 1)) {
        return DNS_STEP_FAILED;
    }
    dns_found_set(finding, &finding->links[finding->n_links++], &finding->name, set, ttl_s);
    if (!is_alias) {
        return DNS_STEP_DONE;
    }
    struct dns_record record;
    struct reader r = dns_rrset_reader(set);
    (void)dns_rrset_next(&r, set, &record);
    finding->name = record.rdata.name;
    return DNS_STEP_ALIASED;
}

/* --- from the cache --- */

static enum dns_step dns_finding_look(struct dns_finding *finding, uint16_t type)
{
    struct dns_cached cached = dns_cache_get(finding->cache, &finding->name, type, DNS_RANK_ANSWER);
    switch (cached.kind) {
    case DNS_CACHED_SET:
        return dns_finding_add(finding, cached.set, cached.ttl_s);
    case DNS_CACHED_NO_NAME:
    case DNS_CACHED_NO_DATA:
        if (cached.kind == DNS_CACHED_NO_DATA && type != finding->type) {
            return DNS_STEP_NONE; /* no alias there: that is no answer yet */
        }
        finding->rcode = cached.kind == DNS_CACHED_NO_NAME ? DNS_NXDOMAIN : DNS_NOERROR;
        dns_found_set(finding, &finding->soa, &cached.soa_owner, cached.set, cached.ttl_s);
        return DNS_STEP_DONE;
    case DNS_CACHED_NOTHING:
        break;
    }
    return DNS_STEP_NONE;
}

enum dns_step dns_finding_follow_cache(struct dns_finding *finding)
{
    for (;;) {
        enum dns_step step = dns_finding_look(finding, finding->type);
        if (step == DNS_STEP_NONE && finding->type != DNS_CNAME) {
            step = dns_finding_look(finding, DNS_CNAME);
        }
        if (step != DNS_STEP_ALIASED) {
            return step;
        }
    }
}

/* --- from a response --- */

/* Adds and caches the name's set of that type, if the answer section has it. */
static enum dns_step dns_finding_read_set(struct dns_finding *finding,
                                          const struct dns_message *response, uint16_t type)
{
    size_t count;
    const struct dns_record *answers = dns_section_records(response, DNS_ANSWER, &count);
    struct dns_rrset *set = dns_rrset_collect(answers, count, &finding->name, type);
    if (!set) {
        return DNS_STEP_NONE;
    }
    if (response->truncated) {
        set->ttl_s = 0; /* perhaps not the whole set (RFC 2181 section 9): for this once only */
        finding->truncated = true;
    }
    dns_cache_put(finding->cache, &finding->name, set,
                  response->authoritative ? DNS_RANK_AUTHORITATIVE : DNS_RANK_ANSWER);
    enum dns_step step = dns_finding_add(finding, set, set->ttl_s);
    dns_rrset_put(set);
    return step;
}

static const struct dns_record *dns_response_soa(const struct dns_message *response,
                                                 const struct dns_name *name,
                                                 const struct dns_name *zone)
{
    size_t count;
    const struct dns_record *records = dns_section_records(response, DNS_AUTHORITY, &count);
    for (size_t i = 0; i < count; i++) {
        const struct dns_record *record = &records[i];
        if (record->type == DNS_SOA && record->class == DNS_CLASS_IN &&
            dns_name_is_within(name, &record->name) && dns_name_is_within(&record->name, zone)) {
            return record;
        }
    }
    return NULL;
}

/* Denials (RFC 2308 section 2): NXDOMAIN, or no error, no answer and an SOA. Without an SOA they
 * hold, but are not kept (section 5). */
static enum dns_step dns_finding_read_denial(struct dns_finding *finding,
                                             const struct dns_message *response,
                                             const struct dns_name *zone)
{
    const struct dns_record *soa = dns_response_soa(response, &finding->name, zone);
    bool is_no_name = response->rcode == DNS_NXDOMAIN;
    bool is_no_data = soa || (response->authoritative && response->count[DNS_AUTHORITY] == 0 &&
                              response->count[DNS_ANSWER] == 0);
    if (!is_no_name && !is_no_data) {
        return DNS_STEP_NONE;
    }
    finding->rcode = is_no_name ? DNS_NXDOMAIN : DNS_NOERROR;
    if (soa) {
        dns_cache_put_negative(finding->cache, &finding->name, finding->type,
                               is_no_name ? DNS_CACHED_NO_NAME : DNS_CACHED_NO_DATA, soa,
                               response->authoritative ? DNS_RANK_AUTHORITATIVE : DNS_RANK_ANSWER);
        struct dns_rrset *set = dns_rrset_add(NULL, soa);
        uint32_t minimum_s = soa->rdata.soa.minimum_s;
        dns_found_set(finding, &finding->soa, &soa->name, set,
                      soa->ttl_s < minimum_s ? soa->ttl_s : minimum_s);
        dns_rrset_put(set);
    }
    return DNS_STEP_DONE;
}

enum dns_step dns_finding_read(struct dns_finding *finding, const struct dns_message *response,
                               const struct dns_name *zone)
{
    enum dns_step result = DNS_STEP_NONE;
    while (dns_name_is_within(&finding->name, zone)) {
        enum dns_step step = dns_finding_read_set(finding, response, finding->type);
        if (step == DNS_STEP_NONE && finding->type != DNS_CNAME) {
            step = dns_finding_read_set(finding, response, DNS_CNAME);
        }
        if (step == DNS_STEP_NONE) {
            step = dns_finding_read_denial(finding, response, zone);
            return step != DNS_STEP_NONE ? step : result;
        }
        if (step != DNS_STEP_ALIASED) {
            return step;
        }
        result = DNS_STEP_ALIASED;
    }
    return result;
}

/* --- into responses --- */

static uint32_t dns_found_ttl(const struct dns_finding *finding, const struct dns_found *found)
{
    uint64_t now_ns = scope_now(finding->scope);
    return found->expires_ns > now_ns ? (uint32_t)((found->expires_ns - now_ns) / NS_PER_S) : 0;
}

void dns_finding_fill(const struct dns_finding *finding, struct dns_message *response)
{
    response->rcode = (uint8_t)finding->rcode;
    response->truncated = finding->truncated;
    for (size_t i = 0; i < finding->n_links; i++) {
        const struct dns_found *link = &finding->links[i];
        dns_rrset_add_to(link->set, i == 0 ? &response->question.name : &link->owner,
                         dns_found_ttl(finding, link), response, DNS_ANSWER);
    }
    if (finding->soa.set) {
        dns_rrset_add_to(finding->soa.set, &finding->soa.owner,
                         dns_found_ttl(finding, &finding->soa), response, DNS_AUTHORITY);
    }
}
