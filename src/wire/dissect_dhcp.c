/* DHCP messages. */
#include "wire/dhcp.h"
#include "wire/dissect_internal.h"

static const struct dissect_protocol DHCP = {"DHCP", "message", 7, "application", 4, "application"};

enum {
    CHADDR_LEN = 16,
    SNAME_LEN = 64,
    FILE_LEN = 128,
    COOKIE_AT = 236,
    FLAG_BROADCAST = 0x8000,
    OVERLOAD_FILE = 1, /* RFC 2132 9.3 */
    OVERLOAD_SNAME = 2,
};
static const uint32_t MAGIC_COOKIE = 0x63825363; /* RFC 2131 section 3 */

static bool print_message_type(struct text *value, struct reader *data)
{
    uint8_t type = read_u8(data);
    text_print(value, "%u (%s)", type, dhcp_type_text(type));
    return true;
}

static bool print_seconds(struct text *value, struct reader *data)
{
    uint32_t seconds = read_u32(data);
    if (seconds == UINT32_MAX) {
        text_print(value, "for ever");
    } else {
        text_print(value, "%u s", seconds);
    }
    return true;
}

static bool print_codes(struct text *value, struct reader *data)
{
    for (const char *comma = ""; reader_left(data) > 0; comma = ", ") {
        text_print(value, "%s%u", comma, read_u8(data));
    }
    return true;
}

static bool print_client_id(struct text *value, struct reader *data)
{
    if (reader_left(data) == 7 && data->p[0] == 1) { /* RFC 2132 9.14: a hardware type first */
        struct mac_addr mac = {{0}};
        char text[MAC_TEXT_SIZE];
        reader_skip(data, 1);
        read_copy(data, mac.byte, sizeof mac.byte);
        text_print(value, "Ethernet %s", mac_print(mac, text));
    } else {
        dissect_print_hex(value, data);
    }
    return true;
}

static const struct dissect_option OPTIONS[] = {
    {DHCP_OPTION_PAD, "option: pad", NULL, NULL},
    {DHCP_OPTION_SUBNET_MASK, "option 1: subnet mask", NULL, dissect_print_address},
    {DHCP_OPTION_ROUTER, "option 3: router", "the way out of the network", dissect_print_addresses},
    {DHCP_OPTION_DNS, "option 6: domain name server", "whom to ask for names",
     dissect_print_addresses},
    {DHCP_OPTION_HOST_NAME, "option 12: host name", NULL, dissect_print_text},
    {DHCP_OPTION_DOMAIN_NAME, "option 15: domain name", NULL, dissect_print_text},
    {26, "option 26: interface MTU", NULL, dissect_print_u16},
    {28, "option 28: broadcast address", NULL, dissect_print_address},
    {42, "option 42: NTP servers", NULL, dissect_print_addresses},
    {DHCP_OPTION_REQUESTED_ADDRESS, "option 50: requested IP address", "what the client would like",
     dissect_print_address},
    {DHCP_OPTION_LEASE_TIME, "option 51: IP address lease time", "how long it may be used",
     print_seconds},
    {DHCP_OPTION_OVERLOAD, "option 52: overload", "'file' or 'sname' hold options too",
     dissect_print_u8},
    {DHCP_OPTION_MESSAGE_TYPE, "option 53: message type", NULL, print_message_type},
    {DHCP_OPTION_SERVER_ID, "option 54: server identifier", "which server is meant",
     dissect_print_address},
    {DHCP_OPTION_PARAMETER_LIST, "option 55: parameter request list", "options the client wants",
     print_codes},
    {DHCP_OPTION_MESSAGE, "option 56: message", "for a person to read", dissect_print_text},
    {57, "option 57: maximum message size", NULL, dissect_print_u16},
    {DHCP_OPTION_RENEWAL_TIME, "option 58: renewal time (T1)", "when to ask this server again",
     print_seconds},
    {DHCP_OPTION_REBINDING_TIME, "option 59: rebinding time (T2)", "when to ask any server",
     print_seconds},
    {60, "option 60: vendor class identifier", NULL, dissect_print_text},
    {DHCP_OPTION_CLIENT_ID, "option 61: client identifier", "whose lease it is", print_client_id},
    {DHCP_OPTION_END, "option 255: end", NULL, NULL},
    {0, NULL, NULL, NULL},
};
static const struct dissect_option_format OPTION_FORMAT = {OPTIONS, DHCP_OPTION_PAD,
                                                           DHCP_OPTION_END, 0};

static const struct dissect_name OPS[] = {
    {DHCP_BOOTREQUEST, "BOOTREQUEST", "from a client"},
    {DHCP_BOOTREPLY, "BOOTREPLY", "from a server"},
    {0, NULL, NULL},
};

static void add_words(struct dissector *d, struct reader *r)
{
    const struct dissect_name *op = dissect_find_name(OPS, r->p[0]);
    dissect_add(d, "op", 8, op->meaning, "%u (%s)", read_u8(r), op->name);
    uint8_t htype = read_u8(r);
    dissect_add(d, "htype", 8, "hardware address type", "%u%s", htype,
                htype == 1 ? " (Ethernet)" : "");
    dissect_add(d, "hlen", 8, "hardware address length", "%u", read_u8(r));
    dissect_add(d, "hops", 8, "how many relays it passed", "%u", read_u8(r));
    dissect_add(d, "xid", 32, "transaction ID: question and answers share it", "0x%08x",
                read_u32(r));
    dissect_add(d, "secs", 16, "since the client began", "%u", read_u16(r));
    uint16_t flags = read_u16(r);
    dissect_add(d, "flags", 16,
                flags & FLAG_BROADCAST ? "the client takes no unicast yet" : "unicast will do",
                "0x%04x%s", flags, flags & FLAG_BROADCAST ? " (broadcast)" : "");
    dissect_add_ipv4(d, "ciaddr", "the client's address, if it has one", read_u32(r));
    dissect_add_ipv4(d, "yiaddr", "'your' address: what the client gets", read_u32(r));
    dissect_add_ipv4(d, "siaddr", "the next server to boot from", read_u32(r));
    dissect_add_ipv4(d, "giaddr", "the relay it came through", read_u32(r));
}

/* 'sname' or 'file': a C string, unless option 52 says that it holds options. */
static bool add_string(struct dissector *d, const char *name, struct bytes bytes, bool has_options,
                       const char *meaning)
{
    if (has_options) {
        return dissect_add_options(d, &OPTION_FORMAT, reader_of(bytes.p, bytes.len));
    }
    dissect_add(d, name, (uint32_t)bytes.len * 8, meaning, "%.*s", (int)bytes.len,
                (const char *)bytes.p);
    return true;
}

/* The value of option 52: 1 when 'file' holds options, 2 for 'sname', 3 for both. */
static uint8_t find_overload(struct reader options)
{
    while (reader_left(&options) > 0) {
        uint8_t code = read_u8(&options);
        if (code == DHCP_OPTION_END) {
            break;
        }
        struct reader value = {0};
        if (code != DHCP_OPTION_PAD) {
            value = reader_sub(&options, read_u8(&options));
        }
        if (code == DHCP_OPTION_OVERLOAD) {
            return read_u8(&value);
        }
    }
    return 0;
}

static void add_chaddr(struct dissector *d, struct reader *r)
{
    struct mac_addr mac = {{0}};
    read_copy(r, mac.byte, sizeof mac.byte);
    dissect_add_mac(d, "chaddr", "the client's hardware address", mac);
    uint32_t left = CHADDR_LEN - sizeof mac.byte;
    reader_skip(r, left);
    dissect_add(d, "chaddr padding", left * 8, "room for longer addresses", "%u bytes", left);
}

void dissect_dhcp(struct dissector *d, struct bytes data)
{
    struct reader r = reader_of(data.p, data.len);
    struct reader cookie = r;
    reader_skip(&cookie, COOKIE_AT);
    if (read_u32(&cookie) != MAGIC_COOKIE) {
        dissect_end(d, data, "not a DHCP message: too short, or without the magic cookie");
        return;
    }
    dissect_open(d, &DHCP, data);
    add_words(d, &r);
    add_chaddr(d, &r);
    uint8_t overload = find_overload(cookie);
    struct bytes sname = {reader_take(&r, SNAME_LEN), SNAME_LEN};
    struct bytes file = {reader_take(&r, FILE_LEN), FILE_LEN};
    bool legal = add_string(d, "sname", sname, overload & OVERLOAD_SNAME, "server host name");
    legal &= add_string(d, "file", file, overload & OVERLOAD_FILE, "boot file name");
    dissect_add(d, "magic cookie", 32, "options follow", "99.130.83.99");
    legal &= dissect_add_options(d, &OPTION_FORMAT, cookie);
    dissect_end(d, dissect_behind(data, data.len), legal ? NULL : "an option's length is illegal");
}
