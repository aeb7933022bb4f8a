#include "wire/address.h"

#include <stdio.h>

/* Text is parsed strictly: one form per IPv4 address (four decimal numbers without leading zeros),
 * RFC 4291 2.2 for IPv6, nothing before or behind. A cursor (`const char **at`) walks the text; a
 * parser that fails leaves it wherever it was. */

const struct mac_addr MAC_BROADCAST = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

bool ipv4_is_private(uint32_t address)
{
    return (address & ipv4_mask(8)) == 0x0a000000 ||  /* 10/8 */
           (address & ipv4_mask(12)) == 0xac100000 || /* 172.16/12 */
           (address & ipv4_mask(16)) == 0xc0a80000;   /* 192.168/16 */
}

bool ipv4_is_multicast(uint32_t address)
{
    return (address & ipv4_mask(4)) == 0xe0000000;
}

bool ipv4_is_loopback(uint32_t address)
{
    return (address & ipv4_mask(8)) == 0x7f000000;
}

bool ip_prefix_contains(struct ip_prefix prefix, struct ip_addr addr)
{
    if (prefix.addr.version != addr.version || !ip_is_set(addr)) {
        return false;
    }
    if (addr.version == IP_V4) {
        return ((prefix.addr.v4 ^ addr.v4) & ipv4_mask(prefix.len)) == 0;
    }
    size_t whole = prefix.len / 8;
    uint8_t mask = (uint8_t)(0xff00 >> (prefix.len % 8));
    return memcmp(prefix.addr.v6, addr.v6, whole) == 0 &&
           (mask == 0 || ((prefix.addr.v6[whole] ^ addr.v6[whole]) & mask) == 0);
}

/* -1 when it is not a hexadecimal digit. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A decimal number up to `max`, without leading zeros. */
static bool parse_decimal(const char **at, uint32_t max, uint32_t *out)
{
    const char *p = *at;
    uint32_t value = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value > max) {
            return false;
        }
    }
    if (p == *at || (**at == '0' && p - *at > 1)) {
        return false;
    }
    *at = p;
    *out = value;
    return true;
}

/* One to `max_digits` hexadecimal digits. */
static bool parse_hex(const char **at, int max_digits, uint32_t *out)
{
    const char *p = *at;
    uint32_t value = 0;
    for (; hex_digit(*p) >= 0; p++) {
        if (p - *at == max_digits) {
            return false;
        }
        value = value << 4 | (uint32_t)hex_digit(*p);
    }
    if (p == *at) {
        return false;
    }
    *at = p;
    *out = value;
    return true;
}

static bool parse_char(const char **at, char c)
{
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

bool mac_parse(const char *text, struct mac_addr *out)
{
    struct mac_addr mac;
    for (size_t i = 0; i < sizeof mac.byte; i++) {
        if (i > 0 && !parse_char(&text, ':')) {
            return false;
        }
        const char *start = text;
        uint32_t byte;
        if (!parse_hex(&text, 2, &byte) || text - start != 2) {
            return false;
        }
        mac.byte[i] = (uint8_t)byte;
    }
    if (*text != '\0') {
        return false;
    }
    *out = mac;
    return true;
}

static bool parse_v4(const char **at, uint32_t *out)
{
    uint32_t address = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t byte;
        if ((i > 0 && !parse_char(at, '.')) || !parse_decimal(at, 255, &byte)) {
            return false;
        }
        address = address << 8 | byte;
    }
    *out = address;
    return true;
}

/* RFC 4291 2.2: what is read of an IPv6 address so far. */
struct v6_words {
    uint16_t word[8];
    size_t count;
    size_t gap; /* where "::" stood; SIZE_MAX: nowhere */
};

/* The dotted form that may end an IPv6 address, e.g. ::ffff:192.0.2.1 */
static bool parse_v6_dotted(const char **at, struct v6_words *words)
{
    uint32_t address;
    if (words->count > 6 || !parse_v4(at, &address)) {
        return false;
    }
    words->word[words->count++] = (uint16_t)(address >> 16);
    words->word[words->count++] = (uint16_t)address;
    return true;
}

/* Words and colons up to something that is neither. False when the text cannot be an address. */
static bool parse_v6_words(const char **at, struct v6_words *words)
{
    for (;;) {
        const char *start = *at;
        uint32_t word;
        if (words->count == 8 || !parse_hex(at, 4, &word)) {
            return words->gap == words->count; /* only "::" may stand at the end */
        }
        if (**at == '.') {
            *at = start;
            return parse_v6_dotted(at, words);
        }
        words->word[words->count++] = (uint16_t)word;
        if (!parse_char(at, ':')) {
            return true;
        }
        if (parse_char(at, ':')) {
            if (words->gap != SIZE_MAX) {
                return false;
            }
            words->gap = words->count;
        }
    }
}

static bool parse_v6(const char **at, struct ip_addr *out)
{
    struct v6_words words = {.gap = SIZE_MAX};
    if (parse_char(at, ':')) {
        if (!parse_char(at, ':')) {
            return false;
        }
        words.gap = 0;
    }
    if (!parse_v6_words(at, &words)) {
        return false;
    }
    if (words.gap == SIZE_MAX ? words.count != 8 : words.count == 8) {
        return false; /* "::" stands for at least one word */
    }
    struct ip_addr ip = {.version = IP_V6};
    for (size_t i = 0; i < words.count; i++) {
        size_t to = i < words.gap ? i : i + 8 - words.count;
        ip.v6[2 * to] = (uint8_t)(words.word[i] >> 8);
        ip.v6[2 * to + 1] = (uint8_t)words.word[i];
    }
    *out = ip;
    return true;
}

static bool parse_ip(const char **at, struct ip_addr *out)
{
    const char *start = *at;
    uint32_t v4;
    if (parse_v4(at, &v4)) {
        *out = ip_v4(v4);
        return true;
    }
    *at = start;
    return parse_v6(at, out);
}

bool ip_parse(const char *text, struct ip_addr *out)
{
    struct ip_addr ip;
    if (!parse_ip(&text, &ip) || *text != '\0') {
        return false;
    }
    *out = ip;
    return true;
}

bool ip_prefix_parse(const char *text, struct ip_prefix *out)
{
    struct ip_prefix prefix;
    if (!parse_ip(&text, &prefix.addr) || !parse_char(&text, '/')) {
        return false;
    }
    uint32_t max = prefix.addr.version == IP_V4 ? 32 : 128;
    if (!parse_decimal(&text, max, &prefix.len) || *text != '\0') {
        return false;
    }
    *out = prefix;
    return true;
}

bool endpoint_parse(const char *text, struct endpoint *out)
{
    struct endpoint endpoint;
    bool bracketed = parse_char(&text, '['); /* RFC 3986 3.2.2 */
    if (!parse_ip(&text, &endpoint.addr)) {
        return false;
    }
    if (bracketed != (endpoint.addr.version == IP_V6) || (bracketed && !parse_char(&text, ']'))) {
        return false;
    }
    if (!parse_char(&text, ':') || !parse_decimal(&text, 65535, &endpoint.port) || *text != '\0') {
        return false;
    }
    *out = endpoint;
    return true;
}

char *mac_print(struct mac_addr mac, char *buffer)
{
    snprintf(buffer, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac.byte[0], mac.byte[1],
             mac.byte[2], mac.byte[3], mac.byte[4], mac.byte[5]);
    return buffer;
}

static uint16_t v6_word(const struct ip_addr *ip, size_t i)
{
    return (uint16_t)(ip->v6[2 * i] << 8 | ip->v6[2 * i + 1]);
}

/* RFC 5952 4.2: the longest run of at least two zero words, the first of equals. Returns where it
 * starts, 8 when there is none; *len is its length. */
static size_t v6_longest_zeros(const struct ip_addr *ip, size_t *len)
{
    size_t best = 8, run = 0;
    *len = 1;
    for (size_t i = 0; i < 8; i++) {
        run = v6_word(ip, i) == 0 ? run + 1 : 0;
        if (run > *len) {
            *len = run;
            best = i + 1 - run;
        }
    }
    return best;
}

static void print_v6(const struct ip_addr *ip, char *buffer)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(ip->v6, mapped, sizeof mapped) == 0) { /* RFC 5952 section 5 */
        snprintf(buffer, IP_TEXT_SIZE, "::ffff:%u.%u.%u.%u", ip->v6[12], ip->v6[13], ip->v6[14],
                 ip->v6[15]);
        return;
    }
    size_t gap_len, gap = v6_longest_zeros(ip, &gap_len), len = 0;
    for (size_t i = 0; i < 8;) {
        if (i == gap) {
            len += (size_t)snprintf(buffer + len, IP_TEXT_SIZE - len, "::");
            i += gap_len;
            continue;
        }
        bool needs_colon = i > 0 && i != gap + gap_len;
        len += (size_t)snprintf(buffer + len, IP_TEXT_SIZE - len, "%s%x", needs_colon ? ":" : "",
                                v6_word(ip, i));
        i++;
    }
}

char *ip_print(struct ip_addr ip, char *buffer)
{
    if (ip.version == IP_V4) {
        snprintf(buffer, IP_TEXT_SIZE, "%u.%u.%u.%u", ip.v4 >> 24, ip.v4 >> 16 & 0xff,
                 ip.v4 >> 8 & 0xff, ip.v4 & 0xff);
    } else if (ip.version == IP_V6) {
        print_v6(&ip, buffer);
    } else {
        snprintf(buffer, IP_TEXT_SIZE, "none");
    }
    return buffer;
}

char *ip_prefix_print(struct ip_prefix prefix, char *buffer)
{
    char ip[IP_TEXT_SIZE];
    snprintf(buffer, IP_PREFIX_TEXT_SIZE, "%s/%u", ip_print(prefix.addr, ip), prefix.len & 0xff);
    return buffer;
}

char *endpoint_print(struct endpoint endpoint, char *buffer)
{
    char ip[IP_TEXT_SIZE];
    bool bracketed = endpoint.addr.version == IP_V6;
    snprintf(buffer, ENDPOINT_TEXT_SIZE, "%s%s%s:%u", bracketed ? "[" : "",
             ip_print(endpoint.addr, ip), bracketed ? "]" : "", endpoint.port & 0xffff);
    return buffer;
}

static void print_mac_value(struct text *text, const void *value)
{
    char buffer[MAC_TEXT_SIZE];
    text_print(text, "%s", mac_print(*(const struct mac_addr *)value, buffer));
}

static void print_ip_value(struct text *text, const void *value)
{
    char buffer[IP_TEXT_SIZE];
    text_print(text, "%s", ip_print(*(const struct ip_addr *)value, buffer));
}

static void print_prefix_value(struct text *text, const void *value)
{
    char buffer[IP_PREFIX_TEXT_SIZE];
    text_print(text, "%s", ip_prefix_print(*(const struct ip_prefix *)value, buffer));
}

static void print_endpoint_value(struct text *text, const void *value)
{
    char buffer[ENDPOINT_TEXT_SIZE];
    text_print(text, "%s", endpoint_print(*(const struct endpoint *)value, buffer));
}

const struct trace_type TRACE_MAC = {"mac", false, print_mac_value};
const struct trace_type TRACE_IP = {"ip", false, print_ip_value};
const struct trace_type TRACE_PREFIX = {"prefix", false, print_prefix_value};
const struct trace_type TRACE_ENDPOINT = {"endpoint", false, print_endpoint_value};
