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

void lab_read_topology(struct lab *lab); /* topology.c */
void lab_read_naming(struct lab *lab);   /* naming.c: adds implied name servers */
void lab_assign_addresses(struct lab *lab);
void lab_assign_resolvers(struct lab *lab); /* naming.c: needs addresses */
void lab_build_zones(struct lab *lab);      /* naming.c: needs addresses */
void lab_compute_routes(struct lab *lab);
void lab_read_timeline(struct lab *lab); /* timeline.c: faults and expectations */

/* Adds a node or a link that may be implied (config NULL). A bad or repeated name is reported and
 * LAB_NONE returned. */
uint32_t lab_add_node(struct lab *lab, const char *name, enum lab_kind kind,
                      const struct config_value *config);
uint32_t lab_add_link(struct lab *lab, uint32_t a, uint32_t b, const struct config_value *options);

/* The node or member of a group that `value` names, or LAB_NONE with a report. */
uint32_t lab_resolve_node(struct lab *lab, const struct config_value *value);

/* Every valid scalar of a key that holds one or a list: *count values, borrowed array of pointers
 * through `at`. */
const struct config_value *lab_value_at(const struct config_value *one_or_list, size_t index);
size_t lab_value_count(const struct config_value *one_or_list);

#endif
