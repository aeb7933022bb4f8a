/* A finding: the answer to one question in the making. It begins with the question's name, follows
 * aliases (CNAME), and ends with records or with the knowledge that there are none.
 *
 * It is fed from the cache and from responses, until it is done; then it is written into as many
 * responses as there are clients who asked.
 */
#ifndef DNS_FINDING_INTERNAL_H
#define DNS_FINDING_INTERNAL_H

#include "dns/cache_internal.h"

enum { DNS_MAX_ALIASES = 8 };

struct dns_found {
    struct dns_name owner;
    struct dns_rrset *set; /* a reference of ours */
    uint64_t expires_ns;
};

struct dns_finding {
    struct dns_cache *cache;
    const struct scope *scope;
    uint16_t type;
    struct dns_name name; /* what is asked for now: the question's name or an alias's target */
    size_t n_links;
    struct dns_found links[DNS_MAX_ALIASES + 1];
    struct dns_found soa; /* who said no; set NULL: nobody */
    enum dns_rcode rcode; /* once done */
    bool truncated;
};

enum dns_step {
    DNS_STEP_NONE,    /* nothing about the name was there */
    DNS_STEP_ALIASED, /* the name is another one now */
    DNS_STEP_DONE,    /* the finding is complete */
    DNS_STEP_FAILED,  /* the aliases make no sense: too many */
};

void dns_finding_init(struct dns_finding *finding, const struct scope *scope,
                      struct dns_cache *cache, const struct dns_question *question);
void dns_finding_fini(struct dns_finding *finding);

/* Goes as far as the cache knows. */
enum dns_step dns_finding_follow_cache(struct dns_finding *finding);

/* Reads answers and denials out of a response, as far as their names are within `zone`, which is
 * what the responding server can be trusted with; and puts them into the cache. */
enum dns_step dns_finding_read(struct dns_finding *finding, const struct dns_message *response,
                               const struct dns_name *zone);

/* Fills in rcode, answer and authority; the first owner is written as in the question. */
void dns_finding_fill(const struct dns_finding *finding, struct dns_message *response);

#endif
