/* Addresses as values: Ethernet (MAC), IP of both versions, prefixes, endpoints.
 *
 * Above wire/ no byte order exists: an IPv4 address is a uint32_t in host order inside `struct
 * ip_addr`, e.g. 192.168.1.2 is 0xc0a80102. Zero-initialised values are "none". Structs have no
 * padding: compare them with the *_equal functions; they can be keys of maps as they are.
 */
#ifndef WIRE_ADDRESS_H
#define WIRE_ADDRESS_H

#include "base/text.h"
#include "observe/trace.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct mac_addr {
    uint8_t byte[6];
};

extern const struct mac_addr MAC_BROADCAST; /* ff:ff:ff:ff:ff:ff */

static inline bool mac_equal(struct mac_addr a, struct mac_addr b)
{
    return memcmp(a.byte, b.byte, sizeof a.byte) == 0;
}

static inline bool mac_is_group(struct mac_addr mac) /* multicast or broadcast: the I/G bit */
{
    return mac.byte[0] & 1;
}

enum ip_version {
    IP_NONE = 0,
    IP_V4 = 4,
    IP_V6 = 6,
};

struct ip_addr {
    union {
        uint8_t v6[16]; /* network order; first, so that zero-initialising clears all of it */
        uint32_t v4;    /* host order; the rest of the union is zero */
    };
    uint32_t version; /* enum ip_version */
};

static inline struct ip_addr ip_v4(uint32_t address)
{
    struct ip_addr ip = {.version = IP_V4};
    ip.v4 = address;
    return ip;
}

static inline bool ip_equal(struct ip_addr a, struct ip_addr b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static inline bool ip_is_set(struct ip_addr ip)
{
    return ip.version != IP_NONE;
}

#define IPV4_ANY UINT32_C(0)
#define IPV4_BROADCAST UINT32_C(0xffffffff)
#define IPV4_LOOPBACK UINT32_C(0x7f000001)

/* RFC 1918 section 3 */
bool ipv4_is_private(uint32_t address);
/* RFC 1112: 224.0.0.0/4 */
bool ipv4_is_multicast(uint32_t address);
/* 127.0.0.0/8 (RFC 1122 3.2.1.3) */
bool ipv4_is_loopback(uint32_t address);

struct ip_prefix {
    struct ip_addr addr; /* an interface's prefix keeps the host bits: 192.168.1.5/24 */
    uint32_t len;        /* bits */
};

static inline uint32_t ipv4_mask(uint32_t prefix_len)
{
    return prefix_len == 0 ? 0 : UINT32_MAX << (32 - prefix_len);
}

bool ip_prefix_contains(struct ip_prefix prefix, struct ip_addr addr);

struct endpoint {
    struct ip_addr addr;
    uint32_t port; /* 0 ... 65535; 32 bits wide so that the struct has no padding */
};

static inline bool endpoint_equal(struct endpoint a, struct endpoint b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Parsing text. False, and *out untouched, when it is not one, exactly and whole. */
bool mac_parse(const char *text, struct mac_addr *out);        /* 02:00:5e:10:00:01 */
bool ip_parse(const char *text, struct ip_addr *out);          /* 192.0.2.1, 2001:db8::1 */
bool ip_prefix_parse(const char *text, struct ip_prefix *out); /* 192.0.2.0/24 */
bool endpoint_parse(const char *text, struct endpoint *out);   /* 192.0.2.1:80, [::1]:80 */

/* Printing, into a buffer of at least *_TEXT_SIZE that is returned for convenience. */
enum { MAC_TEXT_SIZE = 18, IP_TEXT_SIZE = 46, IP_PREFIX_TEXT_SIZE = 50, ENDPOINT_TEXT_SIZE = 56 };
char *mac_print(struct mac_addr mac, char *buffer);
char *ip_print(struct ip_addr ip, char *buffer); /* IPv6 as in RFC 5952; "none" when not set */
char *ip_prefix_print(struct ip_prefix prefix, char *buffer);
char *endpoint_print(struct endpoint endpoint, char *buffer);

extern const struct trace_type TRACE_MAC, TRACE_IP, TRACE_PREFIX, TRACE_ENDPOINT;

#endif
