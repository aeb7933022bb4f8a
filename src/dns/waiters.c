#include "dns/waiters_internal.h"

#include "base/memory.h"

#include <stdlib.h>

void dns_waiters_init(struct dns_waiters *waiters, size_t max)
{
    *waiters = (struct dns_waiters){.max = max};
    list_init(&waiters->free);
}

void dns_waiters_fini(struct dns_waiters *waiters)
{
    LIST_FOR_EACH_SAFE (link, &waiters->free) {
        free(container_of(link, struct dns_waiter, link));
    }
}

bool dns_waiters_add(struct dns_waiters *waiters, struct list *list,
                     const struct dns_request *request)
{
    size_t count = 0;
    LIST_FOR_EACH (link, list) {
        const struct dns_request *other = &container_of(link, struct dns_waiter, link)->request;
        if (other->id == request->id && endpoint_equal(other->client, request->client)) {
            return true;
        }
        count++;
    }
    if (count == DNS_WAITERS_MAX_EACH || waiters->count == waiters->max) {
        return false;
    }
    struct dns_waiter *waiter;
    if (list_is_empty(&waiters->free)) {
        waiter = memory_new(sizeof *waiter);
    } else {
        waiter = container_of(waiters->free.next, struct dns_waiter, link);
        list_remove(&waiter->link);
    }
    waiter->request = *request;
    list_add_last(&waiter->link, list);
    waiters->count++;
    return true;
}

const struct dns_request *dns_waiters_take(struct dns_waiters *waiters, struct list *list)
{
    if (list_is_empty(list)) {
        return NULL;
    }
    struct dns_waiter *waiter = container_of(list->next, struct dns_waiter, link);
    list_remove(&waiter->link);
    list_add_first(&waiter->link, &waiters->free);
    waiters->count--;
    return &waiter->request;
}

struct dns_question_key dns_question_key(const struct dns_question *question,
                                         bool recursion_desired)
{
    return (struct dns_question_key){
        .name = dns_name_lower(&question->name),
        .type = question->type,
        .recursion_desired = recursion_desired,
    };
}
