/* ICMP messages. What an error quotes of the packet that caused it is payload. */
#include "wire/checksum.h"
#include "wire/dissect_internal.h"
#include "wire/icmp.h"

static const struct dissect_protocol ICMP = {"ICMP", "message", 3, "network", 2, "internet"};

enum {
    ICMP_TIMESTAMP = 13,
    ICMP_TIMESTAMP_REPLY = 14,
};

static const struct dissect_name TYPES[] = {
    {ICMP_ECHO_REPLY, "echo reply", "the answer to a ping"},
    {ICMP_DESTINATION_UNREACHABLE, "destination unreachable", "a packet could not be delivered"},
    {4, "source quench", "deprecated (RFC 6633)"},
    {ICMP_REDIRECT, "redirect", "another router is nearer to the destination"},
    {ICMP_ECHO_REQUEST, "echo request", "a ping"},
    {9, "router advertisement", "a router tells its addresses"},
    {10, "router solicitation", "a host looks for routers"},
    {ICMP_TIME_EXCEEDED, "time exceeded", "a packet was given up"},
    {ICMP_PARAMETER_PROBLEM, "parameter problem", "a packet's header makes no sense"},
    {ICMP_TIMESTAMP, "timestamp", NULL},
    {ICMP_TIMESTAMP_REPLY, "timestamp reply", NULL},
    {0, NULL, NULL},
};

/* By type << 8 | code. */
static const struct dissect_name CODES[] = {
    {0x300, "net unreachable", "a router knows no way to the network"},
    {0x301, "host unreachable", "the last router does not reach the host"},
    {0x302, "protocol unreachable", "the host does not speak the protocol"},
    {0x303, "port unreachable", "no program has the port"},
    {0x304, "fragmentation needed", "too long for the next link, and DF set"},
    {0x305, "source route failed", NULL},
    {0x309, "network prohibited", NULL},
    {0x30a, "host prohibited", NULL},
    {0x30d, "administratively prohibited", "a filter does not let it pass"},
    {0x500, "for the network", NULL},
    {0x501, "for the host", NULL},
    {0xb00, "time to live exceeded", "it passed too many routers"},
    {0xb01, "fragment reassembly time exceeded", "a fragment did not come"},
    {0xc00, "pointer indicates the error", NULL},
    {0, NULL, NULL},
};

static void add_code(struct dissector *d, const struct icmp_header *header)
{
    const struct dissect_name *code =
        dissect_find_name(CODES, (uint32_t)header->type << 8 | header->code);
    if (code->number != UINT32_MAX) {
        dissect_add(d, "code", 8, code->meaning, "%u (%s)", header->code, code->name);
    } else {
        dissect_add(d, "code", 8, NULL, "%u", header->code);
    }
}

/* The second word, which each type uses in its own way. */
static void add_rest(struct dissector *d, const struct icmp_header *header)
{
    uint32_t rest = header->rest;
    switch (header->type) {
    case ICMP_ECHO_REQUEST:
    case ICMP_ECHO_REPLY:
    case ICMP_TIMESTAMP:
    case ICMP_TIMESTAMP_REPLY:
        dissect_add(d, "identifier", 16, "which program asks", "%u", rest >> 16);
        dissect_add(d, "sequence number", 16, "which of its questions", "%u", rest & 0xffff);
        break;
    case ICMP_REDIRECT:
        dissect_add_ipv4(d, "gateway internet address", "the router to use instead", rest);
        break;
    case ICMP_PARAMETER_PROBLEM:
        dissect_add(d, "pointer", 8, "the byte that is wrong", "%u", rest >> 24);
        dissect_add(d, "unused", 24, NULL, "0x%06x", rest & 0xffffff);
        break;
    case ICMP_DESTINATION_UNREACHABLE:
        dissect_add(d, "unused", 16, NULL, "0x%04x", rest >> 16);
        if (header->code == ICMP_FRAGMENTATION_NEEDED) {
            dissect_add(d, "next-hop MTU", 16, "what the next link carries (RFC 1191)", "%u",
                        rest & 0xffff);
        } else {
            dissect_add(d, "unused", 16, NULL, "0x%04x", rest & 0xffff);
        }
        break;
    default:
        dissect_add(d, "unused", 32, NULL, "0x%08x", rest);
    }
}

void dissect_icmp(struct dissector *d, struct bytes data)
{
    struct reader r = reader_of(data.p, data.len);
    struct icmp_header header;
    bool right;
    if (!icmp_parse(&r, &header, &right)) {
        dissect_end(d, data, "shorter than an ICMP header");
        return;
    }
    dissect_open(d, &ICMP, data);
    const struct dissect_name *type = dissect_find_name(TYPES, header.type);
    dissect_add(d, "type", 8, type->meaning, "%u (%s)", header.type, type->name);
    add_code(d, &header);
    dissect_add_checksum(d, "checksum", 0, data, 2);
    add_rest(d, &header);
    dissect_end(d, dissect_behind(data, ICMP_HEADER_LEN), NULL);
}
