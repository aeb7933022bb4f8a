/* The resolver's parts: resolver.c deals with clients, resolution.c finds answers. */
#ifndef DNS_RESOLVER_INTERNAL_H
#define DNS_RESOLVER_INTERNAL_H

#include "base/list.h"
#include "dns/delegation_internal.h"
#include "dns/finding_internal.h"
#include "dns/query_internal.h"
#include "dns/waiters_internal.h"

enum {
    RESOLVER_MAX_ROOTS = 26,
    RESOLVER_MAX_CACHED = 50000,
    RESOLVER_MAX_WAITERS = 8192,
    RESOLVER_MAX_RESOLUTIONS = 2048,
    RESOLUTION_MAX_QUERIES = 64, /* for one question, with all that it leads to */
    RESOLUTION_MAX_DEPTH = 6,    /* looking up the server of a server of a server ... */
};

struct dns_resolver {
    struct sockets *sockets;
    struct scope *scope;
    struct dns_responder *responder;
    struct dns_querier *querier;
    struct dns_cache *cache;
    struct server_history history;
    struct ip_addr roots[RESOLVER_MAX_ROOTS];
    size_t n_roots;
    struct dns_waiters waiters;
    struct map resolutions;     /* the running ones, by struct dns_question_key */
    struct list free;           /* struct resolution: those done */
    struct dns_finding finding; /* for answers that need no resolution */
};

/* One question being resolved (RFC 1034 5.3.3), for clients, for other resolutions, or both. */
struct resolution {
    struct list link; /* in the free list */
    struct dns_resolver *resolver;
    struct dns_question question;
    struct dns_finding finding;
    struct delegation delegation;
    struct delegation_address *asked; /* whom the pending query is to */
    struct dns_query *query;          /* pending, or NULL */
    struct resolution *waits_for;     /* a server's address, or NULL */
    struct list dependents;           /* those who wait for this one, by `dependent` */
    struct list dependent;
    struct list waiters; /* clients */
    struct event resume; /* what it waited for is there */
    unsigned depth;
    unsigned n_queries, max_queries;
    uint64_t give_up_ns;
};

/* The running resolution of that question, or NULL. */
struct resolution *resolution_get(struct dns_resolver *resolver,
                                  const struct dns_question *question);

/* A new one; NULL at the limit. It does nothing before resolution_start(), which may end it. */
struct resolution *resolution_new(struct dns_resolver *resolver,
                                  const struct dns_question *question, unsigned depth,
                                  unsigned max_queries);
void resolution_start(struct resolution *resolution);

/* Ends everything that runs and frees all: nobody is told. */
void resolution_free_all(struct dns_resolver *resolver);

/* Called once when a resolution is over: answers its clients. */
void dns_resolver_answer(struct dns_resolver *resolver, struct resolution *resolution);

#endif
