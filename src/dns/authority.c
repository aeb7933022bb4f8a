/* The authority: of its zones the one with the longest matching origin answers (RFC 1034 4.3.2 step
 * 2). It never asks anybody and never caches. */
#include "base/map.h"
#include "base/memory.h"
#include "dns/responder_internal.h"

#include <stdlib.h>

struct dns_authority {
    struct dns_responder *responder;
    struct map zones; /* by lower-case origin */
};

/* The zone nearest to the name, or NULL. */
static const struct dns_zone *dns_authority_find_zone(const struct dns_authority *authority,
                                                      const struct dns_name *name)
{
    struct dns_name origin = dns_name_lower(name);
    do {
        const struct dns_zone *zone = map_get(&authority->zones, &origin);
        if (zone) {
            return zone;
        }
    } while (dns_name_parent(&origin, &origin));
    return NULL;
}

static void dns_authority_on_query(void *owner, const struct dns_request *request)
{
    struct dns_authority *authority = owner;
    const struct dns_zone *zone = dns_authority_find_zone(authority, &request->question.name);
    if (!zone) {
        dns_responder_send_rcode(authority->responder, request, DNS_REFUSED);
        return;
    }
    struct dns_message *response = dns_responder_start(authority->responder, request);
    dns_zone_answer(zone, &request->question, response);
    dns_responder_send(authority->responder, request, false);
}

enum status dns_authority_new(struct sockets *sockets, struct dns_authority **out)
{
    struct dns_authority *authority = memory_new(sizeof *authority);
    enum status status = dns_responder_new(sockets, "authority", dns_authority_on_query, authority,
                                           &authority->responder);
    if (status != STATUS_OK) {
        free(authority);
        return status;
    }
    map_init(&authority->zones, sizeof(struct dns_name), 0);
    *out = authority;
    return STATUS_OK;
}

void dns_authority_free(struct dns_authority *authority)
{
    size_t cursor = 0;
    struct dns_zone *zone;
    while ((zone = map_next(&authority->zones, &cursor))) {
        dns_zone_free(zone);
    }
    map_fini(&authority->zones);
    dns_responder_free(authority->responder);
    free(authority);
}

enum status dns_authority_add_zone(struct dns_authority *authority, struct dns_zone *zone)
{
    struct dns_name origin = dns_name_lower(dns_zone_origin(zone));
    if (map_get(&authority->zones, &origin)) {
        return STATUS_IN_USE;
    }
    map_put(&authority->zones, &origin, zone);
    return STATUS_OK;
}
