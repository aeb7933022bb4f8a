/* The steps of lab_load(), in their order. Each reports to lab->file. */
#ifndef LAB_LAB_INTERNAL_H
#define LAB_LAB_INTERNAL_H

#include "lab/lab.h"

extern const struct config_schema LAB_SCHEMA;
extern const struct config_schema LAB_NODE_SCHEMA;
extern const struct config_schema LAB_LINK_SCHEMA;
extern const struct config_schema LAB_FAULT_SCHEMA;
extern const struct config_schema LAB_EXPECT_SCHEMA;
extern const char *const LAB_KIND_NAMES[LAB_KINDS + 1];

/* Are keys that belong to some kinds only used with those? */
void lab_check_node_keys(struct lab *lab, const struct config_value *node, enum lab_kind kind);

void lab_read_topology(struct lab *lab);     /* topology.c */
void lab_read_home_routers(struct lab *lab); /* home.c: their sides, and the switches inside */
void lab_read_naming(struct lab *lab);       /* naming.c: adds implied name servers */
void lab_find_segments(struct lab *lab);     /* segment.c */
void lab_assign_subnets(struct lab *lab);    /* subnet.c */
void lab_assign_addresses(struct lab *lab);  /* addressing.c: MACs, addresses, DHCP pools */
void lab_assign_resolvers(struct lab *lab);  /* naming.c: needs addresses */
void lab_build_zones(struct lab *lab);       /* naming.c: needs addresses */
void lab_compute_routes(struct lab *lab);
void lab_read_timeline(struct lab *lab); /* timeline.c: faults and expectations */

/* --- link_condition.c: rate, delay, loss and what else a link does to frames; faults change it ---
 */

/* Sets what the map has; returns a bit for each, for the functions below. */
uint32_t lab_read_conditions(struct link_config *config, const struct config_value *map);

/* Takes over what `changes` says, and completes the result. */
void lab_change_conditions(struct link_config *config, const struct link_config *from,
                           uint32_t changes);

/* Fills in defaults that hang on other conditions: frames are reordered by the link's delay. */
void lab_complete_conditions(struct link_config *config);

/* Reports, at `value`, conditions that do not go together. */
void lab_check_conditions(struct lab *lab, const struct config_value *value,
                          const struct link_config *config);

/* ", loss: 1%, jitter: 2ms": those in `changes`; or rate, delay, loss and whatever is set. */
void lab_print_changes(struct text *text, const struct link_config *config, uint32_t changes);
void lab_print_conditions(struct text *text, const struct link_config *config);

/* Adds a node or a link. What is wrong with it (a bad or repeated name, too many) is reported and
 * LAB_NONE returned. */
uint32_t lab_add_node(struct lab *lab, const char *name, enum lab_kind kind,
                      const struct config_value *config);
uint32_t lab_add_link(struct lab *lab, uint32_t a, uint32_t b, const struct config_value *at,
                      const struct config_value *options);

/* Adds a node that the file does not name: NAME, or NAME2 ... where that is taken. */
uint32_t lab_add_implied_node(struct lab *lab, const char *name, enum lab_kind kind);

/* The node at the other end of a port's link. */
uint32_t lab_peer(const struct lab *lab, uint32_t port);

/* A name for a link: letters, digits, '_', '-' and '.', for it also names captures. */
bool lab_is_link_name(const char *name);

enum { LAB_FIRST_HOST = 10 }; /* of a subnet; routers count from 1 */

/* addressing.c: the address that the link's `addresses` or the node's `address` gives a port; the
 * latter is that of its first port (a home router's: of its public side). NULL: neither does. */
const struct config_value *lab_written_address(const struct lab *lab, uint32_t port);
/* An address, with the length of a prefix if one was written, else 0. */
struct ip_prefix lab_parse_address(const char *text);
bool lab_port_is_lan(const struct lab *lab, uint32_t port); /* a home router's inner side */

/* schema.c: an address that one host can have. */
bool lab_is_unicast(struct ip_addr addr);
/* All of it is private (RFC 1918) or a carrier's (RFC 6598): what a NAT translates. */
bool lab_is_private(struct ip_prefix prefix);

/* The node or member of a group that `value` names, or LAB_NONE with a report. */
uint32_t lab_resolve_node(struct lab *lab, const struct config_value *value);

enum { LAB_RECORD_TTL_S = 300 }; /* of addresses and of what the file writes */

struct dns_name lab_name_of(const char *text); /* zones.c: of a valid name */
/* zones.c: a zone that the node serves; once more the same is none more. */
void lab_add_zone(struct lab *lab, uint32_t node, const struct dns_name *origin);
/* record.c: "www CNAME site.test.", relative to the origin of its zone. False: it is none. */
bool lab_parse_record(const char *text, const struct dns_name *origin, struct dns_record *record);

/* Every valid scalar of a key that holds one or a list: *count values, borrowed array of pointers
 * through `at`. */
const struct config_value *lab_value_at(const struct config_value *one_or_list, size_t index);
size_t lab_value_count(const struct config_value *one_or_list);

#endif
