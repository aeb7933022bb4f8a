/* The keys of a lab file. `orrery help lab` prints them. */
#include "lab/lab_internal.h"

#include "http/url.h"
#include "stack/transport/tcp.h"

#include <string.h>

const char *const LAB_KIND_NAMES[LAB_KINDS + 1] = {
    [LAB_HOST] = "host",         [LAB_SWITCH] = "switch", [LAB_ROUTER] = "router",
    [LAB_HOME_NAT] = "home-nat", [LAB_DNS] = "dns",       [LAB_WEB_SERVER] = "web-server",
    [LAB_TAP] = "tap",           [LAB_KINDS] = NULL,
};

static const char *const ROLE_NAMES[] = {"authority", "resolver", NULL};

static bool is_address(const char *text)
{
    struct ip_addr addr;
    return ip_parse(text, &addr) && addr.version == IP_V4;
}

/* An address that a host can have (RFC 1122 3.2.1.3, RFC 1112 4): not of the networks 0 and 127,
 * no multicast and nothing behind it. */
bool lab_is_unicast(struct ip_addr addr)
{
    return addr.version == IP_V4 && addr.v4 >> 24 != 0 && !ipv4_is_loopback(addr.v4) &&
           addr.v4 >> 28 < 14;
}

static bool is_prefix(const char *text)
{
    struct ip_prefix prefix;
    return ip_prefix_parse(text, &prefix) && lab_is_unicast(prefix.addr) && prefix.len >= 8 &&
           prefix.len <= 30;
}

static bool is_address_or_prefix(const char *text)
{
    struct ip_addr addr;
    return (ip_parse(text, &addr) && lab_is_unicast(addr)) || is_prefix(text);
}

bool lab_is_private(struct ip_prefix prefix)
{
    static const struct {
        uint32_t network, len;
    } BLOCKS[] = {{0x0a000000, 8}, {0xac100000, 12}, {0xc0a80000, 16}, {0x64400000, 10}};
    for (size_t i = 0; i < sizeof BLOCKS / sizeof BLOCKS[0]; i++) {
        if (prefix.len >= BLOCKS[i].len &&
            (prefix.addr.v4 & ipv4_mask(BLOCKS[i].len)) == BLOCKS[i].network) {
            return true;
        }
    }
    return false;
}

static bool is_private_prefix(const char *text)
{
    struct ip_prefix prefix;
    return is_prefix(text) && ip_prefix_parse(text, &prefix) && lab_is_private(prefix);
}

static bool is_domain_name(const char *text)
{
    struct dns_name name;
    return dns_name_parse_text(text, &name);
}

/* Not the root: a host is named by at least one label. */
static bool is_host_name(const char *text)
{
    struct dns_name name;
    return dns_name_parse_text(text, &name) && !dns_name_is_root(&name);
}

static bool is_url(const char *text)
{
    struct url url;
    const char *why;
    if (!url_parse(text, &url, &why)) {
        return false;
    }
    url_fini(&url);
    return true;
}

/* 2025-01-01T00:00:00Z, with every digit in its place. */
static bool is_time(const char *text)
{
    static const char SHAPE[] = "dddd-dd-ddTdd:dd:ddZ";
    if (strlen(text) != sizeof SHAPE - 1) {
        return false;
    }
    for (size_t i = 0; SHAPE[i]; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (SHAPE[i] == 'd' ? !is_digit : text[i] != SHAPE[i]) {
            return false;
        }
    }
    return true;
}

static const struct config_key DOMAIN_ITEM = {
    .type = CONFIG_CUSTOM, .is_valid = is_domain_name, .expected = "a domain name"};
static const struct config_key HOST_NAME_ITEM = {
    .type = CONFIG_CUSTOM, .is_valid = is_host_name, .expected = "a domain name like site.test"};
static const struct config_key ADDRESS_ITEM = {.type = CONFIG_CUSTOM,
                                               .is_valid = is_address_or_prefix,
                                               .expected =
                                                   "an address like 192.0.2.1 or 192.0.2.1/24"};
static const struct config_key TEXT_ITEM = {.type = CONFIG_TEXT};

static const struct config_key NODE_KEYS[] = {
    {.name = "kind", .type = CONFIG_CHOICE, .choices = LAB_KIND_NAMES, .help = "what it is [host]"},
    {.name = "count",
     .type = CONFIG_INTEGER,
     .min = 1,
     .max = LAB_MAX_COUNT,
     .help = "makes NAME1 ... NAMEn of it"},
    {.name = "address",
     .type = CONFIG_CUSTOM,
     .is_valid = is_address_or_prefix,
     .expected = "an address like 192.0.2.1 or 192.0.2.1/24",
     .help = "the address of its first port [assigned, or by DHCP behind a home-nat]"},
    {.name = "resolver",
     .type = CONFIG_TEXT,
     .help = "the name server it asks: a dns node or an address [by DHCP, or the first resolver]"},
    {.name = "lan",
     .type = CONFIG_CUSTOM,
     .is_valid = is_private_prefix,
     .expected = "a private network like 192.168.1.0/24 or 10.0.0.0/8, at most /30",
     .help = "home-nat: the private network, or its own address there [192.168.1.0/24]"},
    {.name = "wan",
     .type = CONFIG_TEXT,
     .help =
         "home-nat: the neighbour on its public side [the first that is a router, leads to one, "
         "or is a home-nat]"},
    {.name = "role",
     .type = CONFIG_CHOICE,
     .choices = ROLE_NAMES,
     .help = "dns: authority or resolver [authority when it has a zone]"},
    {.name = "zone",
     .type = CONFIG_ONE_OR_LIST,
     .item = &DOMAIN_ITEM,
     .help = "dns: the zones it serves; '.' is the root"},
    {.name = "records",
     .type = CONFIG_LIST_OF,
     .item = &TEXT_ITEM,
     .help = "dns: records like 'www CNAME site.test.', 'mail A 192.0.2.5'"},
    {.name = "name",
     .type = CONFIG_ONE_OR_LIST,
     .item = &HOST_NAME_ITEM,
     .help = "web-server: its domain names"},
    {.name = "root",
     .type = CONFIG_TEXT,
     .help = "web-server: the folder it serves, relative to this file [a built-in page]"},
    {.name = "device",
     .type = CONFIG_TEXT,
     .help = "tap: the machine's interface [the node's name]"},
};
const struct config_schema LAB_NODE_SCHEMA = {"a node", NODE_KEYS,
                                              sizeof NODE_KEYS / sizeof NODE_KEYS[0]};

/* What links have, and faults change. */
#define CONDITION_KEYS                                                                             \
    {.name = "rate",                                                                               \
     .type = CONFIG_RATE,                                                                          \
     .max = LINK_MAX_RATE_BPS,                                                                     \
     .help = "bits per second [unlimited]"},                                                       \
        {.name = "delay",                                                                          \
         .type = CONFIG_DURATION,                                                                  \
         .max = LAB_MAX_DELAY_NS,                                                                  \
         .help = "propagation, one way [1ns]"},                                                    \
        {.name = "loss", .type = CONFIG_SHARE, .help = "of frames [0%]"},                          \
        {.name = "loss_burst",                                                                     \
         .type = CONFIG_INTEGER,                                                                   \
         .max = LINK_MAX_LOSS_BURST,                                                               \
         .help = "losses come so many in a row, on average [independently]"},                      \
        {.name = "jitter",                                                                         \
         .type = CONFIG_DURATION,                                                                  \
         .max = LAB_MAX_DELAY_NS,                                                                  \
         .help = "the delay varies by up to so much, both ways; frames keep their order [0ns]"},   \
        {.name = "reorder", .type = CONFIG_SHARE, .help = "of frames keeps no order [0%]"},        \
        {.name = "reorder_by",                                                                     \
         .type = CONFIG_DURATION,                                                                  \
         .max = LAB_MAX_DELAY_NS,                                                                  \
         .help = "and arrives so much later [as the jitter says; without jitter, the delay]"},     \
        {.name = "duplicate", .type = CONFIG_SHARE, .help = "of frames arrives twice [0%]"},       \
        {.name = "corrupt",                                                                        \
         .type = CONFIG_SHARE,                                                                     \
         .help = "of frames is damaged under way, which the FCS shows [0%]"},                      \
        {.name = "corrupt_silent",                                                                 \
         .type = CONFIG_SHARE,                                                                     \
         .help = "of frames is damaged behind the check of the FCS, as by bad memory [0%]"},       \
    {                                                                                              \
        .name = "corrupt_bits", .type = CONFIG_INTEGER, .max = LINK_MAX_CORRUPT_BITS,              \
        .help = "at most so many bits flip in a damaged frame [1]"                                 \
    }

static const struct config_key LINK_KEYS[] = {
    CONDITION_KEYS,
    {.name = "queue",
     .type = CONFIG_INTEGER,
     .max = UINT32_MAX,
     .help = "frames that may wait [1000 where there is a rate]"},
    {.name = "queue_size", .type = CONFIG_SIZE, .help = "bytes that may wait [no limit]"},
    {.name = "overhead",
     .type = CONFIG_SIZE,
     .max = 1000,
     .help = "what a frame costs beside its bytes: preamble, FCS, gap [24]"},
    {.name = "mtu",
     .type = CONFIG_SIZE,
     .min = 68,
     .max = 65535,
     .help = "the largest IP packet [1500]"},
    {.name = "subnet",
     .type = CONFIG_CUSTOM,
     .is_valid = is_prefix,
     .expected = "a network like 192.0.2.0/24, from /8 to /30",
     .help = "its addresses [from the pool]"},
    {.name = "addresses",
     .type = CONFIG_NAMED,
     .item = &ADDRESS_ITEM,
     .help = "the address of each end, by node [assigned]"},
    {.name = "name",
     .type = CONFIG_CUSTOM,
     .is_valid = lab_is_link_name,
     .expected = "a name of letters, digits, '_', '-' and '.'",
     .help = "for faults and captures [A-B]"},
};
const struct config_schema LAB_LINK_SCHEMA = {"a link", LINK_KEYS,
                                              sizeof LINK_KEYS / sizeof LINK_KEYS[0]};

static const struct config_key FAULT_KEYS[] = {
    {.name = "at",
     .type = CONFIG_DURATION,
     .max = LAB_MAX_TIME_NS,
     .is_required = true,
     .help = "when it begins"},
    {.name = "link", .type = CONFIG_TEXT, .is_required = true, .help = "which link"},
    {.name = "down",
     .type = CONFIG_DURATION,
     .max = LAB_MAX_TIME_NS,
     .help = "the link is down for so long; 0: for good"},
    CONDITION_KEYS,
    {.name = "for",
     .type = CONFIG_DURATION,
     .max = LAB_MAX_TIME_NS,
     .help = "how long the link's change lasts [for good]"},
};
const struct config_schema LAB_FAULT_SCHEMA = {"a fault", FAULT_KEYS,
                                               sizeof FAULT_KEYS / sizeof FAULT_KEYS[0]};

static const struct config_key EXPECT_KEYS[] = {
    {.name = "from", .type = CONFIG_TEXT, .is_required = true, .help = "the node that tries"},
    {.name = "get",
     .type = CONFIG_CUSTOM,
     .is_valid = is_url,
     .expected = "an http URL",
     .help = "load this page"},
    {.name = "ping", .type = CONFIG_TEXT, .help = "ping this node or address"},
    {.name = "resolve",
     .type = CONFIG_CUSTOM,
     .is_valid = is_domain_name,
     .expected = "a domain name",
     .help = "look this name up"},
    {.name = "at",
     .type = CONFIG_DURATION,
     .max = LAB_MAX_TIME_NS,
     .help = "when [when the node has its address]"},
    {.name = "within",
     .type = CONFIG_DURATION,
     .min = 1,
     .max = LAB_MAX_TIME_NS,
     .help = "in at most this time"},
    {.name = "status",
     .type = CONFIG_INTEGER,
     .min = 100,
     .max = 599,
     .help = "get: the document's status [any 2xx]"},
    {.name = "body", .type = CONFIG_TEXT, .help = "get: text that the page shows"},
    {.name = "address",
     .type = CONFIG_CUSTOM,
     .is_valid = is_address,
     .expected = "an address like 192.0.2.1",
     .help = "resolve: the answer"},
    {.name = "fails", .type = CONFIG_BOOL, .help = "it must not work [false]"},
};
const struct config_schema LAB_EXPECT_SCHEMA = {"an expectation", EXPECT_KEYS,
                                                sizeof EXPECT_KEYS / sizeof EXPECT_KEYS[0]};

static const struct config_key NODE_ITEM = {.type = CONFIG_MAP_OF, .schema = &LAB_NODE_SCHEMA};
static const struct config_key ANY_ITEM = {.type = CONFIG_ANY};
static const struct config_key FAULT_ITEM = {.type = CONFIG_MAP_OF, .schema = &LAB_FAULT_SCHEMA};
static const struct config_key EXPECT_ITEM = {.type = CONFIG_MAP_OF, .schema = &LAB_EXPECT_SCHEMA};

static const struct config_key LAB_KEYS[] = {
    {.name = "seed", .type = CONFIG_INTEGER, .help = "of everything random [1]"},
    {.name = "epoch",
     .type = CONFIG_CUSTOM,
     .is_valid = is_time,
     .expected = "a time like 2025-01-01T00:00:00Z",
     .help = "virtual time 0"},
    {.name = "rto_min",
     .type = CONFIG_DURATION,
     .min = 1000000,
     .max = UINT64_C(60000000000), /* RFC 6298 2.5: the least that a maximum may be */
     .help = "TCP's least retransmission timeout [1s]"},
    {.name = "tcp_buffer",
     .type = CONFIG_SIZE,
     .min = 4096,
     .max = TCP_MAX_BUFFER,
     .help = "what a TCP connection may buffer, each way [256KiB]"},
    {.name = "pool",
     .type = CONFIG_CUSTOM,
     .is_valid = is_prefix,
     .expected = "a network like 198.18.0.0/15, from /8 to /30",
     .help = "where subnets come from [198.18.0.0/15, which RFC 2544 keeps for tests]"},
    {.name = "nodes", .type = CONFIG_NAMED, .item = &NODE_ITEM, .help = "the nodes, by name"},
    {.name = "links",
     .type = CONFIG_LIST_OF,
     .item = &ANY_ITEM,
     .help = "the links: a-b, or a-b with options"},
    {.name = "faults",
     .type = CONFIG_LIST_OF,
     .item = &FAULT_ITEM,
     .help = "what breaks, and when"},
    {.name = "expect",
     .type = CONFIG_LIST_OF,
     .item = &EXPECT_ITEM,
     .help = "what must hold; a lab with expectations is a test"},
};
const struct config_schema LAB_SCHEMA = {"a lab", LAB_KEYS, sizeof LAB_KEYS / sizeof LAB_KEYS[0]};

/* Keys that only some kinds have, with a bit for each kind. */
static const struct {
    const char *key;
    unsigned kinds;
} KEYS_OF_KINDS[] = {
    {"address", 1u << LAB_HOST | 1u << LAB_ROUTER | 1u << LAB_HOME_NAT | 1u << LAB_DNS |
                    1u << LAB_WEB_SERVER | 1u << LAB_TAP},
    {"resolver", 1u << LAB_HOST | 1u << LAB_ROUTER | 1u << LAB_HOME_NAT | 1u << LAB_WEB_SERVER},
    {"lan", 1u << LAB_HOME_NAT},
    {"wan", 1u << LAB_HOME_NAT},
    {"role", 1u << LAB_DNS},
    {"zone", 1u << LAB_DNS},
    {"records", 1u << LAB_DNS},
    {"name", 1u << LAB_WEB_SERVER},
    {"root", 1u << LAB_WEB_SERVER},
    {"device", 1u << LAB_TAP},
};

void lab_check_node_keys(struct lab *lab, const struct config_value *node, enum lab_kind kind)
{
    for (size_t i = 0; i < sizeof KEYS_OF_KINDS / sizeof KEYS_OF_KINDS[0]; i++) {
        const struct config_value *value = config_get(node, KEYS_OF_KINDS[i].key);
        if (!value || KEYS_OF_KINDS[i].kinds & 1u << kind) {
            continue;
        }
        struct text kinds = {0};
        for (int k = 0; k < LAB_KINDS; k++) {
            if (KEYS_OF_KINDS[i].kinds & 1u << k) {
                text_print(&kinds, "%s%s", kinds.len ? ", " : "", LAB_KIND_NAMES[k]);
            }
        }
        config_problem_at_key(lab->file, value, "'%s' is for %s, and this is a %s",
                              KEYS_OF_KINDS[i].key, text_chars(&kinds), LAB_KIND_NAMES[kind]);
        text_fini(&kinds);
    }
}
