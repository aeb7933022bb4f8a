/* Clients who wait for the same answer: a question asked by many is asked on only once.
 *
 * One pool per server; each open question has a list of its own in it.
 */
#ifndef DNS_WAITERS_INTERNAL_H
#define DNS_WAITERS_INTERNAL_H

#include "base/list.h"
#include "dns/responder_internal.h"

enum { DNS_WAITERS_MAX_EACH = 256 /* of one question */ };

struct dns_waiter {
    struct list link;
    struct dns_request request;
};

struct dns_waiters {
    size_t count, max;
    struct list free;
};

void dns_waiters_init(struct dns_waiters *waiters, size_t max);
void dns_waiters_fini(struct dns_waiters *waiters); /* when no list holds any */

/* Adds the client to `list`; one who asked already (a retry with the same id) is there only once.
 * False: at the limit. */
bool dns_waiters_add(struct dns_waiters *waiters, struct list *list,
                     const struct dns_request *request);

/* Takes the first of `list`; NULL when there is none. Valid until the next add. */
const struct dns_request *dns_waiters_take(struct dns_waiters *waiters, struct list *list);

/* The key of a map from questions: names in lower case, so that all who ask the same meet. */
struct dns_question_key {
    struct dns_name name;
    uint16_t type;
    uint16_t recursion_desired;
};
struct dns_question_key dns_question_key(const struct dns_question *question,
                                         bool recursion_desired);

#endif
