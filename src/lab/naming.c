/* Names: who serves which zone, who asks whom.
 *
 * Each zone gets its SOA, NS and address records; a parent zone that is served in the lab delegates
 * to it with glue; the names of web servers go into the deepest zone that contains them. A lab with
 * names but no dns node gets four: a root server, one for the top-level domains, one for the
 * domains below, and a resolver.
 */
#include "lab/lab_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_TTL_S = 300, DELEGATION_TTL_S = 86400 };

static struct dns_name name_of(const char *text)
{
    struct dns_name name = {.len = 0};
    (void)dns_name_parse_text(text, &name); /* the schema saw to it */
    return name;
}

/* The last `labels` labels of a name. */
static struct dns_name name_suffix(const struct dns_name *name, size_t labels)
{
    struct dns_name suffix = *name;
    while (dns_name_label_count(&suffix) > labels) {
        struct dns_name parent;
        (void)dns_name_parent(&suffix, &parent);
        suffix = parent;
    }
    return suffix;
}

static struct lab_zone *add_zone(struct lab *lab, uint32_t node, const struct dns_name *origin)
{
    for (size_t i = 0; i < lab->n_zones; i++) {
        if (lab->zones[i].node == node && dns_name_equal(&lab->zones[i].origin, origin)) {
            return &lab->zones[i];
        }
    }
    lab->zones =
        memory_grow_array(lab->zones, lab->n_zones, &lab->zones_capacity, sizeof *lab->zones);
    struct lab_zone *zone = &lab->zones[lab->n_zones++];
    *zone = (struct lab_zone){.origin = *origin, .node = node};
    return zone;
}

static void add_record(struct lab_zone *zone, const struct dns_record *record)
{
    zone->records =
        memory_grow_array(zone->records, zone->n_records, &zone->capacity, sizeof *zone->records);
    zone->records[zone->n_records++] = *record;
}

/* --- reading the file --- */

static void read_web_names(struct lab *lab, struct lab_node *node)
{
    const struct config_value *names = config_get(node->config, "name");
    node->n_names = names ? lab_value_count(names) : 0;
    node->names = memory_new_array(node->n_names, sizeof *node->names);
    for (size_t i = 0; i < node->n_names; i++) {
        node->names[i] = lab_value_at(names, i)->text;
    }
    const char *root = config_get_text(node->config, "root", NULL);
    if (root) {
        struct text path = {0};
        text_print(&path, "%s%s", root[0] == '/' ? "" : lab->folder, root);
        node->root = path.chars;
    }
}

static void read_dns_node(struct lab *lab, uint32_t index)
{
    struct lab_node *node = &lab->nodes[index];
    const struct config_value *zones = config_get(node->config, "zone");
    const char *role = config_get_text(node->config, "role", zones ? "authority" : "resolver");
    node->is_resolver = strcmp(role, "resolver") == 0;
    if (node->is_resolver && zones) {
        config_problem_at_key(lab->file, zones,
                              "a resolver has no zones of its own; make another "
                              "dns node for them");
    }
    if (!node->is_resolver && !zones) {
        config_problem_at_key(lab->file, node->config, "an authority needs a 'zone'");
    }
    for (size_t i = 0; zones && i < lab_value_count(zones); i++) {
        struct dns_name origin = name_of(lab_value_at(zones, i)->text);
        add_zone(lab, index, &origin);
    }
}

/* Where implied servers are attached: the first router, or else the first switch. */
static uint32_t find_attachment(const struct lab *lab)
{
    static const enum lab_kind WANTED[] = {LAB_ROUTER, LAB_SWITCH};
    for (size_t k = 0; k < sizeof WANTED / sizeof WANTED[0]; k++) {
        for (uint32_t i = 0; i < lab->n_nodes; i++) {
            if (lab->nodes[i].kind == WANTED[k] && !lab->nodes[i].is_implied) {
                return i;
            }
        }
    }
    return LAB_NONE;
}

static uint32_t add_implied_server(struct lab *lab, const char *name, uint32_t attachment)
{
    if (lab->file->n_problems) {
        return LAB_NONE;
    }
    uint32_t node = lab_add_implied_node(lab, name, LAB_DNS);
    if (node != LAB_NONE) {
        (void)lab_add_link(lab, node, attachment, NULL, NULL);
    }
    return node;
}

static void add_implied_servers(struct lab *lab, const struct config_value *first_name)
{
    uint32_t attachment = find_attachment(lab);
    if (attachment == LAB_NONE) {
        config_problem_at_key(lab->file, first_name,
                              "names need name servers, and there is no router or switch to attach "
                              "them to; add one, or leave out 'name'");
        return;
    }
    size_t n_nodes = lab->n_nodes;
    uint32_t root = add_implied_server(lab, "dns_root", attachment);
    uint32_t tld = add_implied_server(lab, "dns_tld", attachment);
    uint32_t authority = add_implied_server(lab, "dns_authority", attachment);
    uint32_t resolver = add_implied_server(lab, "dns_resolver", attachment);
    if (lab->file->n_problems) {
        return;
    }
    struct dns_name origin = name_of(".");
    add_zone(lab, root, &origin);
    for (size_t i = 0; i < n_nodes; i++) {
        for (size_t k = 0; k < lab->nodes[i].n_names; k++) {
            struct dns_name name = name_of(lab->nodes[i].names[k]);
            origin = name_suffix(&name, 1);
            add_zone(lab, tld, &origin);
            origin = name_suffix(&name, 2);
            if (dns_name_label_count(&origin) == 2) {
                add_zone(lab, authority, &origin);
            }
        }
    }
    lab->nodes[resolver].is_resolver = true;
}

void lab_read_naming(struct lab *lab)
{
    bool has_dns = false;
    const struct config_value *first_name = NULL;
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        if (lab->nodes[i].kind == LAB_DNS) {
            has_dns = true;
            read_dns_node(lab, i);
        } else if (lab->nodes[i].kind == LAB_WEB_SERVER) {
            read_web_names(lab, &lab->nodes[i]);
            if (!first_name && lab->nodes[i].n_names) {
                first_name = config_get(lab->nodes[i].config, "name");
            }
        }
    }
    if (first_name && !has_dns && lab->file->n_problems == 0) {
        add_implied_servers(lab, first_name);
    }
}

/* --- who asks whom --- */

static void read_resolver_key(struct lab *lab, struct lab_node *node,
                              const struct config_value *value)
{
    if (ip_parse(value->text, &node->resolver)) {
        node->has_resolver = true;
        return;
    }
    node->resolver_node = lab_resolve_node(lab, value);
    if (node->resolver_node == LAB_NONE) {
        return;
    }
    const struct lab_node *server = &lab->nodes[node->resolver_node];
    bool serves = (server->kind == LAB_DNS && server->is_resolver) || server->kind == LAB_HOME_NAT;
    node->resolver = lab_node_address(lab, node->resolver_node);
    node->has_resolver = serves && ip_is_set(node->resolver);
    if (!node->has_resolver) {
        config_problem(lab->file, value, "'%s' is no resolver with a fixed address", value->text);
    }
}

void lab_assign_resolvers(struct lab *lab)
{
    uint32_t first = LAB_NONE;
    for (uint32_t i = 0; i < lab->n_nodes && first == LAB_NONE; i++) {
        if (lab->nodes[i].kind == LAB_DNS && lab->nodes[i].is_resolver && lab->nodes[i].n_ports) {
            first = i;
        }
    }
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        struct lab_node *node = &lab->nodes[i];
        const struct config_value *value = config_get(node->config, "resolver");
        bool by_dhcp = node->n_ports && lab->ports[node->ports[0]].uses_dhcp;
        bool asks =
            node->kind == LAB_HOST || node->kind == LAB_HOME_NAT || node->kind == LAB_WEB_SERVER;
        if (value) {
            read_resolver_key(lab, node, value);
        } else if (asks && !by_dhcp && first != LAB_NONE) {
            node->resolver_node = first;
            node->resolver = lab_node_address(lab, first);
            node->has_resolver = true;
        }
    }
}

/* --- zones --- */

/* The server's own name in a zone: NODE.ORIGIN. */
static struct dns_name server_name(const struct lab *lab, const struct lab_zone *zone)
{
    char origin[DNS_NAME_TEXT_SIZE], text[DNS_NAME_TEXT_SIZE + LAB_NAME_SIZE + 2];
    dns_name_print(&zone->origin, origin);
    snprintf(text, sizeof text, "%s.%s", lab->nodes[zone->node].name,
             dns_name_is_root(&zone->origin) ? "" : origin);
    return name_of(text);
}

static struct dns_record address_record(struct dns_name name, struct ip_addr addr, uint32_t ttl_s)
{
    struct dns_record record = {.name = name, .type = DNS_A, .class = DNS_CLASS_IN, .ttl_s = ttl_s};
    record.rdata.addr = addr;
    return record;
}

/* NS and address records for `served` in `zone`: its own, or a delegation with glue. */
static void add_name_server(struct lab *lab, struct lab_zone *zone, const struct lab_zone *served)
{
    struct dns_record ns = {
        .name = served->origin, .type = DNS_NS, .class = DNS_CLASS_IN, .ttl_s = DELEGATION_TTL_S};
    ns.rdata.name = server_name(lab, served);
    add_record(zone, &ns);
    struct ip_addr addr = lab_node_address(lab, served->node);
    struct dns_record glue = address_record(ns.rdata.name, addr, DELEGATION_TTL_S);
    add_record(zone, &glue);
}

static void add_soa(const struct lab *lab, struct lab_zone *zone)
{
    struct dns_record record = {
        .name = zone->origin, .type = DNS_SOA, .class = DNS_CLASS_IN, .ttl_s = DELEGATION_TTL_S};
    record.rdata.soa = (struct dns_soa){
        .mname = server_name(lab, zone),
        .rname = name_of("hostmaster.invalid"),
        .serial = 1,
        .refresh_s = 7200,
        .retry_s = 900,
        .expire_s = 1209600,
        .minimum_s = RECORD_TTL_S,
    };
    add_record(zone, &record);
}

static bool zone_is_parent(const struct lab *lab, const struct lab_zone *zone,
                           const struct lab_zone *child)
{
    if (dns_name_equal(&zone->origin, &child->origin) ||
        !dns_name_is_within(&child->origin, &zone->origin)) {
        return false;
    }
    size_t labels = dns_name_label_count(&zone->origin);
    for (size_t i = 0; i < lab->n_zones; i++) { /* is there one in between? */
        const struct lab_zone *other = &lab->zones[i];
        if (dns_name_label_count(&other->origin) > labels &&
            !dns_name_equal(&other->origin, &child->origin) &&
            dns_name_is_within(&child->origin, &other->origin)) {
            return false;
        }
    }
    return true;
}

static void build_zone(struct lab *lab, struct lab_zone *zone)
{
    add_soa(lab, zone);
    for (size_t i = 0; i < lab->n_zones; i++) {
        const struct lab_zone *other = &lab->zones[i];
        if (dns_name_equal(&zone->origin, &other->origin) || zone_is_parent(lab, zone, other)) {
            add_name_server(lab, zone, other);
        }
    }
}

/* Adds to every server of the deepest zone that contains the record's name. */
static bool add_to_deepest_zone(struct lab *lab, const struct dns_record *record)
{
    const struct lab_zone *deepest = NULL;
    for (size_t i = 0; i < lab->n_zones; i++) {
        const struct lab_zone *zone = &lab->zones[i];
        if (dns_name_is_within(&record->name, &zone->origin) &&
            (!deepest || zone->origin.len > deepest->origin.len)) {
            deepest = zone;
        }
    }
    for (size_t i = 0; deepest && i < lab->n_zones; i++) {
        if (dns_name_equal(&lab->zones[i].origin, &deepest->origin)) {
            add_record(&lab->zones[i], record);
        }
    }
    return deepest;
}

static void add_web_names(struct lab *lab, uint32_t index)
{
    const struct lab_node *node = &lab->nodes[index];
    struct ip_addr addr = lab_node_address(lab, index);
    for (size_t i = 0; i < node->n_names; i++) {
        struct dns_record record = address_record(name_of(node->names[i]), addr, RECORD_TTL_S);
        if (!ip_is_set(addr)) {
            config_problem_at_key(lab->file, node->config, "'%s' has names but no link",
                                  node->name);
        } else if (!add_to_deepest_zone(lab, &record)) {
            config_problem(lab->file, config_get(node->config, "name"),
                           "no dns node serves a zone that '%s' belongs to", node->names[i]);
        }
    }
}

/* --- records written in the file: "www CNAME site.test." --- */

/* A name relative to the origin unless it ends with a dot; '@' is the origin. */
static bool parse_relative_name(const char *text, const struct dns_name *origin,
                                struct dns_name *name)
{
    if (strcmp(text, "@") == 0) {
        *name = *origin;
        return true;
    }
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '.') {
        return dns_name_parse_text(text, name);
    }
    char whole[DNS_NAME_TEXT_SIZE * 2], suffix[DNS_NAME_TEXT_SIZE];
    dns_name_print(origin, suffix);
    int n = snprintf(whole, sizeof whole, "%s.%s", text, dns_name_is_root(origin) ? "" : suffix);
    return n > 0 && (size_t)n < sizeof whole && dns_name_parse_text(whole, name);
}

static bool parse_mx(const char *data, const struct dns_name *origin, union dns_rdata *rdata)
{
    unsigned preference;
    int name_at = 0;
    if (sscanf(data, "%5u %n", &preference, &name_at) != 1 || preference > UINT16_MAX) {
        return false;
    }
    rdata->mx.preference = (uint16_t)preference;
    return parse_relative_name(data + name_at, origin, &rdata->mx.exchange);
}

/* One character-string (RFC 1035 3.3.14). */
static bool parse_txt(const char *data, union dns_rdata *rdata)
{
    size_t len = strlen(data);
    if (len > UINT8_MAX) {
        return false;
    }
    rdata->raw.bytes[0] = (uint8_t)len;
    memcpy(rdata->raw.bytes + 1, data, len);
    rdata->raw.len = (uint16_t)(len + 1);
    return true;
}

static bool parse_rdata(const char *data, uint16_t type, const struct dns_name *origin,
                        union dns_rdata *rdata)
{
    switch (type) {
    case DNS_A:
        return ip_parse(data, &rdata->addr) && rdata->addr.version == IP_V4;
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
        return parse_relative_name(data, origin, &rdata->name);
    case DNS_MX:
        return parse_mx(data, origin, rdata);
    case DNS_TXT:
        return parse_txt(data, rdata);
    default:
        return false;
    }
}

static bool parse_record(const char *text, const struct dns_name *origin, struct dns_record *record)
{
    char name[256], type[16];
    int data_at = 0;
    if (sscanf(text, " %255s %15s %n", name, type, &data_at) != 2 || data_at == 0) {
        return false;
    }
    *record = (struct dns_record){.class = DNS_CLASS_IN, .ttl_s = RECORD_TTL_S};
    return parse_relative_name(name, origin, &record->name) &&
           dns_type_parse(type, &record->type) &&
           parse_rdata(text + data_at, record->type, origin, &record->rdata);
}

static void add_written_records(struct lab *lab, uint32_t index)
{
    const struct config_value *records = config_get(lab->nodes[index].config, "records");
    const struct config_value *zones = config_get(lab->nodes[index].config, "zone");
    for (size_t i = 0; records && zones && i < records->n_items; i++) {
        struct dns_name origin = name_of(lab_value_at(zones, 0)->text);
        struct dns_record record;
        if (!parse_record(records->items[i].text, &origin, &record)) {
            config_problem(
                lab->file, &records->items[i],
                "'%s' is not a record; write 'NAME TYPE DATA' with A, NS, CNAME, PTR, MX "
                "or TXT, such as 'www CNAME site.test.'",
                records->items[i].text);
        } else if (!add_to_deepest_zone(lab, &record)) {
            config_problem(lab->file, &records->items[i], "its name is in no zone of the lab");
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
        const struct lab_node *node = &lab->nodes[lab->zones[i].node];
        if (!node->n_ports) {
            config_problem_at_key(lab->file, node->config, "dns node '%s' has no link", node->name);
            return;
        }
        build_zone(lab, &lab->zones[i]);
    }
    for (uint32_t i = 0; i < lab->n_nodes; i++) {
        if (lab->nodes[i].kind == LAB_WEB_SERVER) {
            add_web_names(lab, i);
        } else if (lab->nodes[i].kind == LAB_DNS) {
            add_written_records(lab, i);
        }
    }
    collect_root_servers(lab);
}
