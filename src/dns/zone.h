/* A zone: the records an authoritative server answers from (RFC 1034 4.2, 4.3.2). */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include "base/status.h"
#include "wire/dns.h"

struct dns_zone;

struct dns_zone *dns_zone_new(const struct dns_name *origin);
void dns_zone_free(struct dns_zone *zone);
const struct dns_name *dns_zone_origin(const struct dns_zone *zone);

/* Copies the record. STATUS_INVALID: its name is not within the zone, or a CNAME would stand beside
 * other data. Glue for delegated names is allowed. */
enum status dns_zone_add(struct dns_zone *zone, const struct dns_record *record) MUST_CHECK;

/* Fills in answer, authority and additional of a response: an authoritative answer (CNAMEs
 * followed within the zone), a referral with glue, NODATA or NXDOMAIN with the SOA. */
void dns_zone_answer(const struct dns_zone *zone, const struct dns_question *question,
                     struct dns_message *response);

#endif
