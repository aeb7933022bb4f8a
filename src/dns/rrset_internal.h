/* RRsets: all records of one name and type, kept compactly (RFC 2181 section 5).
 *
 * A struct dns_record is large, because names are; zones and caches hold many. A set keeps its
 * records' data in wire form, one block of memory for all, and knows neither its name nor when it
 * expires: its holder does. Sets are shared by reference.
 */
#ifndef DNS_RRSET_INTERNAL_H
#define DNS_RRSET_INTERNAL_H

#include "wire/dns.h"

struct dns_rrset {
    uint32_t refs;
    uint32_t ttl_s; /* the least of its records' (RFC 2181 5.2: they should not differ) */
    uint16_t type;
    uint16_t count;
    uint32_t len;
    uint8_t data[]; /* each record: two bytes of length, then its data without compression */
};

/* Adds a record of class IN. `set` is NULL at first and must not be shared; the one returned
 * replaces it. A record that is there already changes nothing but the TTL (RFC 2181 5). */
struct dns_rrset *dns_rrset_add(struct dns_rrset *set, const struct dns_record *record);

/* The set of that name and type among `records`; NULL when there is none. The caller owns it. */
struct dns_rrset *dns_rrset_collect(const struct dns_record *records, size_t count,
                                    const struct dns_name *name, uint16_t type);

struct dns_rrset *dns_rrset_get(struct dns_rrset *set);
void dns_rrset_put(struct dns_rrset *set); /* NULL does nothing */

/* Walks the records: start with dns_rrset_reader(), false at the end. Fills in all of `record` but
 * its name. */
struct reader dns_rrset_reader(const struct dns_rrset *set);
bool dns_rrset_next(struct reader *r, const struct dns_rrset *set, struct dns_record *record);

/* Appends all records to a section; sets TC when there is no room for all. */
void dns_rrset_add_to(const struct dns_rrset *set, const struct dns_name *owner, uint32_t ttl_s,
                      struct dns_message *message, enum dns_section section);

#endif
