/* Zones: what each name server serves.
 *
 * Each zone gets its SOA, NS and address records; the nearest zone above it that the lab serves
 * delegates to it with glue; the names of web servers go into the deepest zone that contains them.
 * A zone may have several servers: all have the same records, as after a transfer.
 *
 * Every record is tried on a real zone at once, so that what cannot stand together is reported
 * where the file says it.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"
#include "dns/zone.h"

#include <stdio.h>
#include <stdlib.h>

enum { DELEGATION_TTL_S = 86400 };

struct dns_name lab_name_of(const char *text)
{
    struct dns_name name = {.len = 0};
    (void)dns_name_parse_text(text, &name); /* the schema saw to it */
    return name;
}

/* The first zone of that origin; LAB_NONE. */
static uint32_t find_zone(const struct lab *lab, const struct dns_name *origin)
{
    struct dns_name key = dns_name_lower(origin);
    uintptr_t number = (uintptr_t)map_get(&lab->zone_by_origin, &key);
    return number ? (uint32_t)(number - 1) : LAB_NONE;
}

void lab_add_zone(struct lab *lab, uint32_t node, const struct dns_name *origin)
{
    uint32_t *place = NULL;
    for (uint32_t i = find_zone(lab, origin); i != LAB_NONE; i = lab->zones[i].next) {
        if (lab->zones[i].node == node) {
            return;
        }
        place = &lab->zones[i].next;
    }
    uint32_t index = (uint32_t)lab->n_zones;
    if (place) {
        *place = index;
    } else {
        struct dns_name key = dns_name_lower(origin);
        map_put(&lab->zone_by_origin, &key, (void *)(uintptr_t)(index + 1));
    }
    lab->zones =
        memory_grow_array(lab->zones, lab->n_zones, &lab->zones_capacity, sizeof *lab->zones);
    lab->zones[lab->n_zones++] =
        (struct lab_zone){.origin = *origin, .node = node, .next = LAB_NONE};
}

/* The deepest zone that the name is in; with `is_above`, of those whose origin is above it.
 * LAB_NONE: none. */
static uint32_t find_enclosing_zone(const struct lab *lab, const struct dns_name *name,
                                    bool is_above)
{
    struct dns_name at = *name;
    if (is_above && !dns_name_parent(name, &at)) {
        return LAB_NONE;
    }
    uint32_t zone = find_zone(lab, &at);
    struct dns_name parent;
    while (zone == LAB_NONE && dns_name_parent(&at, &parent)) {
        at = parent;
        zone = find_zone(lab, &at);
    }
    return zone;
}

/* --- adding records --- */

struct builder {
    struct lab *lab;
    struct dns_zone **tried; /* by zone: it holds what was added */
};

/* To every server of a zone. `at`: where the file says so; NULL: it is our own. */
static void add_record(struct builder *builder, uint32_t first, const struct dns_record *record,
                       const struct config_value *at)
{
    struct lab *lab = builder->lab;
    for (uint32_t i = first; i != LAB_NONE; i = lab->zones[i].next) {
        struct lab_zone *zone = &lab->zones[i];
        enum status status = dns_zone_add(builder->tried[i], record);
        if (status != STATUS_OK) {
            char name[DNS_NAME_TEXT_SIZE], origin[DNS_NAME_TEXT_SIZE];
            config_problem(lab->file, at,
                           status == STATUS_LIMIT
                               ? "'%s' has too many records in zone '%s'"
                               : "'%s' has other records in zone '%s', and a CNAME stands alone",
                           dns_name_print(&record->name, name),
                           dns_name_print(&zone->origin, origin));
            return;
        }
        zone->records = memory_grow_array(zone->records, zone->n_records, &zone->capacity,
                                          sizeof *zone->records);
        zone->records[zone->n_records++] = *record;
    }
}

static struct dns_record address_record(struct dns_name name, struct ip_addr addr, uint32_t ttl_s)
{
    struct dns_record record = {.name = name, .type = DNS_A, .class = DNS_CLASS_IN, .ttl_s = ttl_s};
    record.rdata.addr = addr;
    return record;
}

/* --- the zones themselves --- */

/* The server's own name in a zone, NODE.ORIGIN; its len is 0 when it would be too long. */
static struct dns_name server_name(const struct lab *lab, const struct lab_zone *zone)
{
    char origin[DNS_NAME_TEXT_SIZE], text[DNS_NAME_TEXT_SIZE + LAB_NAME_SIZE + 2];
    dns_name_print(&zone->origin, origin);
    snprintf(text, sizeof text, "%s.%s", lab->nodes[zone->node].name,
             dns_name_is_root(&zone->origin) ? "" : origin);
    return lab_name_of(text);
}

static void add_soa(struct builder *builder, uint32_t index)
{
    const struct lab_zone *zone = &builder->lab->zones[index];
    struct dns_record record = {
        .name = zone->origin, .type = DNS_SOA, .class = DNS_CLASS_IN, .ttl_s = DELEGATION_TTL_S};
    record.rdata.soa = (struct dns_soa){
        .mname = server_name(builder->lab, zone), /* the first of its servers */
        .rname = lab_name_of("hostmaster.invalid"),
        .serial = 1,
        .refresh_s = 7200,
        .retry_s = 900,
        .expire_s = 1209600,
        .minimum_s = LAB_RECORD_TTL_S,
    };
    add_record(builder, index, &record, NULL);
}

/* NS and address records for a server: in its zone, and in the one above, which delegates. */
static void add_name_server(struct builder *builder, uint32_t index)
{
    struct lab *lab = builder->lab;
    const struct lab_zone *zone = &lab->zones[index];
    struct dns_record ns = {
        .name = zone->origin, .type = DNS_NS, .class = DNS_CLASS_IN, .ttl_s = DELEGATION_TTL_S};
    ns.rdata.name = server_name(lab, zone);
    struct dns_record glue =
        address_record(ns.rdata.name, lab_node_address(lab, zone->node), DELEGATION_TTL_S);
    const uint32_t into[] = {find_zone(lab, &zone->origin),
                             find_enclosing_zone(lab, &zone->origin, true)};
    for (size_t i = 0; i < sizeof into / sizeof into[0]; i++) {
        if (into[i] != LAB_NONE) {
            add_record(builder, into[i], &ns, NULL);
            add_record(builder, into[i], &glue, NULL);
        }
    }
}

static bool check_server(struct lab *lab, const struct lab_zone *zone)
{
    const struct lab_node *node = &lab->nodes[zone->node];
    char origin[DNS_NAME_TEXT_SIZE];
    if (!node->n_ports) {
        config_problem_at_key(lab->file, node->config, "dns node '%s' has no link", node->name);
        return false;
    }
    if (server_name(lab, zone).len == 0) {
        config_problem_at_key(lab->file, node->config,
                              "'%s' has no room for the name of its server '%s' in front",
                              dns_name_print(&zone->origin, origin), node->name);
        return false;
    }
    return true;
}

static void build_zones(struct builder *builder)
{
    struct lab *lab = builder->lab;
    for (uint32_t i = 0; i < lab->n_zones; i++) {
        if (find_zone(lab, &lab->zones[i].origin) == i) {
            add_soa(builder, i);
        }
    }
    for (uint32_t i = 0; i < lab->n_zones; i++) {
        add_name_server(builder, i);
    }
}

/* --- what the file adds --- */

static void add_web_names(struct builder *builder, uint32_t index)
{
    struct lab *lab = builder->lab;
    const struct lab_node *node = &lab->nodes[index];
    const struct config_value *names = config_get(node->config, "name");
    struct ip_addr addr = lab_node_address(lab, index);
    if (node->n_names && !ip_is_set(addr)) {
        config_problem_at_key(lab->file, node->config, "'%s' has names but no link", node->name);
        return;
    }
    for (size_t i = 0; i < node->n_names; i++) {
        const struct config_value *at = lab_value_at(names, i);
        struct dns_record record =
            address_record(lab_name_of(node->names[i]), addr, LAB_RECORD_TTL_S);
        uint32_t zone = find_enclosing_zone(lab, &record.name, false);
        if (zone == LAB_NONE) {
            config_problem(lab->file, at, "no dns node serves a zone that '%s' belongs to",
                           node->names[i]);
        } else {
            add_record(builder, zone, &record, at);
        }
    }
}

static void add_written_records(struct builder *builder, uint32_t index)
{
    struct lab *lab = builder->lab;
    const struct config_value *records = config_get(lab->nodes[index].config, "records");
    const struct config_value *zones = config_get(lab->nodes[index].config, "zone");
    for (size_t i = 0; records && i < records->n_items; i++) {
        const struct config_value *at = &records->items[i];
        struct dns_name origin = lab_name_of(lab_value_at(zones, 0)->text);
        struct dns_record record;
        if (!lab_parse_record(at->text, &origin, &record)) {
            config_problem(
                lab->file, at,
                "'%s' is not a record; write 'NAME TYPE DATA' with A, NS, CNAME, PTR, MX "
                "or TXT, such as 'www CNAME site.test.'",
                at->text);
            continue;
        }
        uint32_t zone = find_enclosing_zone(lab, &record.name, false);
        if (zone == LAB_NONE) {
            config_problem(lab->file, at, "its name is in no zone of the lab");
        } else {
            add_record(builder, zone, &record, at);
        }
    }
}

static void collect_root_servers(struct lab *lab)
{
    lab->root_servers = memory_new_array(lab->n_zones, sizeof *lab->root_servers);
    for (size_t i = 0; i < lab->n_zones; i++) {
        if (dns_name_is_root(&lab->zones[i].origin)) {
            lab->root_servers[lab->n_root_servers++] = lab_node_address(lab, lab->zones[i].node);
        }
    }
    for (size_t i = 0; i < lab->n_nodes && lab->n_root_servers == 0; i++) {
        if (lab->nodes[i].is_resolver) {
            config_problem_at_key(lab->file, lab->nodes[i].config,
                                  "resolver '%s' has nowhere to start: no dns node serves '.'",
                                  lab->nodes[i].name);
            return;
        }
    }
}

void lab_build_zones(struct lab *lab)
{
    for (size_t i = 0; i < lab->n_zones; i++) {
        if (!check_server(lab, &lab->zones[i])) {
            return;
        }
    }
    struct builder builder = {lab, memory_new_array(lab->n_zones, sizeof *builder.tried)};
    for (size_t i = 0; i < lab->n_zones; i++) {
        builder.tried[i] = dns_zone_new(&lab->zones[i].origin);
    }
    build_zones(&builder);
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        if (lab->nodes[i].kind == LAB_WEB_SERVER) {
            add_web_names(&builder, i);
        } else if (lab->nodes[i].kind == LAB_DNS) {
            add_written_records(&builder, i);
        }
    }
    for (size_t i = 0; i < lab->n_zones; i++) {
        dns_zone_free(builder.tried[i]);
    }
    free(builder.tried);
    collect_root_servers(lab);
}
