/* A lab: what one file describes, with every default and address filled in.
 *
 * lab_load() goes through these steps, a file each: the schema says which keys exist (schema.c);
 * topology.c expands groups into nodes and links, home.c gives homes their sides; naming.c adds
 * name servers where a lab has names and none to serve them; segment.c finds what a broadcast
 * reaches, subnet.c and addressing.c give out subnets, addresses and MACs; naming.c says who asks
 * whom, zones.c what each name server serves; routing.c computes the static routes that a converged
 * routing protocol would; timeline.c reads faults and expectations. Nothing runs yet: world.h does
 * that.
 *
 * Everything is predictable: nodes, ports and segments are numbered in the order of the file.
 */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include "base/status.h"
#include "config/config.h"
#include "medium/link.h"
#include "wire/address.h"
#include "wire/dns.h"

enum {
    LAB_NAME_SIZE = 64, /* of a node, with the NUL */
    LAB_LINK_NAME_SIZE = 2 * LAB_NAME_SIZE + 12,
    LAB_MAX_NODES = 1 << 20,
    LAB_MAX_LINKS = 1 << 20,
    LAB_MAX_PORTS = 4096, /* of one node */
    LAB_MAX_COUNT = 100000,
    LAB_MAX_SUBNETS = 60000, /* outside homes: fewer than a routing table holds */
};

#define LAB_MAX_DELAY_NS UINT64_C(86400000000000)     /* of a link: a day */
#define LAB_MAX_TIME_NS UINT64_C(3153600000000000000) /* for `at` and the like: 100 years */

#define LAB_NONE UINT32_MAX

enum lab_kind {
    LAB_HOST,
    LAB_SWITCH,
    LAB_ROUTER,
    LAB_HOME_NAT,
    LAB_DNS,
    LAB_WEB_SERVER,
    LAB_TAP,
    LAB_KINDS,
};

struct lab_zone {
    struct dns_name origin;
    uint32_t node; /* who serves it */
    uint32_t next; /* the next zone of that origin, served by another node; LAB_NONE */
    struct dns_record *records;
    size_t n_records;
    size_t capacity;
};

struct lab_route {
    struct ip_prefix prefix;
    struct ip_addr gateway;
    uint32_t port;
};

struct lab_node {
    char *name;
    enum lab_kind kind;
    uint32_t id;                       /* in the trace and in event ranks: index + 1 */
    bool is_implied;                   /* the file does not name it; we added it */
    const struct config_value *config; /* its options; NULL when implied */
    uint32_t *ports;                   /* indices into lab->ports, in the order of the links */
    size_t n_ports;
    size_t ports_capacity;

    uint32_t wan_port;    /* home-nat: index into lab->ports; LAB_NONE otherwise */
    struct ip_prefix lan; /* home-nat: its own address and the LAN's prefix */
    struct ip_addr lease_first, lease_last; /* home-nat: what its DHCP server gives; may be none */
    bool is_resolver;                       /* dns */
    bool has_resolver;       /* `resolver` is known (else DHCP tells, or there is none) */
    struct ip_addr resolver; /* whom its stub or forwarder asks */
    uint32_t resolver_node;  /* the same as a node, or LAB_NONE */
    char **names;            /* web-server: its domain names; borrowed from the file */
    size_t n_names;
    char *root;               /* web-server: its folder, relative to the working directory; owned */
    struct lab_route *routes; /* static; the connected ones come with the addresses */
    size_t n_routes;
    size_t routes_capacity;
};

struct lab_link {
    char *name; /* "a-b", as the file wrote it; unique */
    uint32_t port[2];
    struct link_config config;
    uint32_t mtu;
    struct ip_prefix subnet;            /* as written; not set: none was */
    const struct config_value *at;      /* where it stands in the file; NULL: implied */
    const struct config_value *options; /* as written; NULL: none were */
    uint32_t n_namesakes;               /* links named NAME_2, NAME_3 ... after it */
};

struct lab_port {
    uint32_t node;
    uint32_t link;
    uint32_t end;    /* of the link: 0 or 1 */
    uint32_t number; /* within its node: eth0 is 0 */
    struct mac_addr mac;
    uint32_t segment;         /* LAB_NONE for switches and taps */
    struct ip_prefix address; /* not set: by DHCP, or none; a tap's: of the machine behind it */
    bool uses_dhcp;
};

/* All ports that a broadcast reaches: links joined by switches and taps. */
struct lab_segment {
    struct ip_prefix prefix;
    const struct config_value *prefix_at; /* where the file says so; NULL: it is from the pool */
    bool is_private;                      /* a home's LAN: not in anybody else's routes */
    uint32_t nat_node;                    /* the home-nat whose LAN it is, or LAB_NONE */
    uint32_t *ports;                      /* the ports with a stack, in order */
    size_t n_ports;
    size_t ports_capacity;
    uint32_t *taps; /* the ports of taps, in order */
    size_t n_taps;
    size_t taps_capacity;
};

enum lab_fault_kind {
    LAB_FAULT_DOWN,
    LAB_FAULT_CHANGE, /* of the link's conditions: loss, delay, rate, jitter ... */
};

struct lab_fault {
    uint64_t at_ns;
    uint64_t duration_ns; /* 0: for good */
    uint32_t link;
    enum lab_fault_kind kind;
    uint32_t changes; /* which conditions of `change` count: lab_read_conditions() */
    struct link_config change;
};

enum lab_expect_kind {
    LAB_EXPECT_GET,
    LAB_EXPECT_PING,
    LAB_EXPECT_RESOLVE,
};

struct lab_expect {
    enum lab_expect_kind kind;
    uint32_t from;        /* node */
    const char *target;   /* URL, address, name or node; borrowed from the file */
    uint32_t target_node; /* PING: LAB_NONE: it is an address */
    bool has_at;
    uint64_t at_ns;
    uint64_t within_ns;     /* 0: no limit of its own */
    bool fails;             /* it is expected not to work */
    uint32_t status;        /* GET: 0: any 2xx */
    const char *body;       /* GET: text that the page shows; NULL: any */
    struct ip_addr address; /* RESOLVE: not set: any */
    uint32_t line;
};

struct lab {
    struct config_file *file;
    char *folder; /* of the file, with a final '/', or "": what `root:` is relative to; owned */
    uint64_t seed;
    uint64_t epoch_unix_s;
    uint64_t rto_min_ns;
    uint32_t tcp_buffer; /* bytes, of each connection in each direction; 0: the stack's default */
    struct ip_prefix pool;
    struct lab_node *nodes;
    size_t n_nodes, nodes_capacity;
    struct map node_by_name; /* keys: LAB_NAME_SIZE bytes; values: index + 1 */
    struct map link_by_name; /* keys: LAB_LINK_NAME_SIZE bytes; values: index + 1 */
    struct lab_link *links;
    size_t n_links, links_capacity;
    struct lab_port *ports;
    size_t n_ports, ports_capacity;
    struct lab_segment *segments;
    size_t n_segments, segments_capacity;
    struct map zone_by_origin; /* keys: lower-case struct dns_name; values: the first's index + 1 */
    struct lab_zone *zones;
    size_t n_zones, zones_capacity;
    struct ip_addr *root_servers;
    size_t n_root_servers;
    struct lab_fault *faults;
    size_t n_faults, faults_capacity;
    struct lab_expect *expects;
    size_t n_expects, expects_capacity;
};

/* Reads a lab from a loaded file; takes ownership of it. Always returns a lab: when
 * lab->file->n_problems is not 0 it must only be freed. */
struct lab *lab_load(struct config_file *file);
void lab_free(struct lab *lab);

/* LAB_NONE when there is none. */
uint32_t lab_find_node(const struct lab *lab, const char *name);
uint32_t lab_find_link(const struct lab *lab, const char *name);
const char *lab_kind_text(enum lab_kind kind); /* "home-nat" */

/* True for nodes with an IP stack. */
static inline bool lab_kind_has_stack(enum lab_kind kind)
{
    return kind != LAB_SWITCH && kind != LAB_TAP;
}

/* The address by which others reach a node: its first port's; not set when DHCP gives it. */
struct ip_addr lab_node_address(const struct lab *lab, uint32_t node);

/* The file with every default and assigned address filled in, as YAML that loads to the same lab.
 */
void lab_print_resolved(struct text *text, const struct lab *lab);

#endif
