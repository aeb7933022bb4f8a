/* DNS messages and records (RFC 1035 sections 3 and 4, RFC 3596 AAAA, RFC 2782 SRV, RFC 6891 EDNS0,
 * RFC 8659 CAA, RFC 3597 for the types that we do not know). dns.c has the messages, dns_record.c
 * what is inside a record.
 */
#ifndef WIRE_DNS_H
#define WIRE_DNS_H

#include "wire/address.h"
#include "wire/dns_name.h"

enum {
    DNS_PORT = 53,
    DNS_HEADER_LEN = 12,
    DNS_UDP_MAX = 512, /* without EDNS0 */
    DNS_MESSAGE_MAX = 65535,
    DNS_MAX_RECORDS = 64, /* of one message that we keep; more is a parse failure */
    DNS_TEXT_MAX = 255,   /* of one character-string */
    DNS_RAW_MAX = 512,    /* of a record's data that we keep as bytes; more is a parse failure */
    DNS_RDATA_WIRE_MAX = 2 * DNS_NAME_MAX + 20, /* of any record's data, uncompressed */
};

enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_OPT = 41,
    DNS_ANY = 255,
    DNS_CAA = 257,
};

enum { DNS_CLASS_IN = 1 };

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
};

struct dns_soa {
    struct dns_name mname, rname;
    uint32_t serial, refresh_s, retry_s, expire_s, minimum_s;
};

/* A record's data, by its type. Types that we do not know, and classes other than IN, are raw. */
union dns_rdata {
    struct ip_addr addr;  /* A, AAAA */
    struct dns_name name; /* NS, CNAME, PTR */
    struct dns_soa soa;
    struct {
        uint16_t preference;
        struct dns_name exchange;
    } mx;
    struct {
        uint16_t len;
        uint8_t bytes[DNS_RAW_MAX]; /* TXT: its character-strings, each with its length before it */
    } raw;
    struct {
        uint16_t priority, weight, port;
        struct dns_name target;
    } srv;
    struct {
        uint8_t flags;
        uint8_t tag_len;
        uint8_t value_len;
        uint8_t bytes[DNS_TEXT_MAX]; /* tag, then value */
    } caa;
};

struct dns_record {
    struct dns_name name;
    uint16_t type;
    uint16_t class;
    uint32_t ttl_s;
    uint16_t rdata_len; /* as received; what is emitted has a length of its own */
    union dns_rdata rdata;
};

struct dns_question {
    struct dns_name name;
    uint16_t type;
    uint16_t class;
};

enum dns_section {
    DNS_ANSWER,
    DNS_AUTHORITY,
    DNS_ADDITIONAL,
    DNS_SECTIONS,
};

/* Records of all sections stand in one array, answers first. The OPT record is taken out of it. */
struct dns_message {
    uint16_t id;
    bool is_response;
    uint8_t opcode;
    bool authoritative;       /* AA */
    bool truncated;           /* TC */
    bool recursion_desired;   /* RD */
    bool recursion_available; /* RA */
    uint8_t rcode;            /* enum dns_rcode; the lower four bits */
    bool has_edns;
    uint8_t edns_version;
    uint8_t edns_rcode_high; /* the upper eight bits of the response code (RFC 6891 6.1.3) */
    uint16_t edns_udp_size;
    bool has_question; /* we speak of exactly one question, as everybody does */
    struct dns_question question;
    uint16_t count[DNS_SECTIONS];
    struct dns_record *records; /* borrowed array of DNS_MAX_RECORDS, from the caller */
};

/* The caller provides message->records (room for DNS_MAX_RECORDS). False when malformed: then what
 * came before the fault is still filled in, the header's fields always when there were
 * DNS_HEADER_LEN bytes, so that a server can answer FORMERR. Bytes after the last record are a
 * fault. */
bool dns_parse(struct reader *r, struct dns_message *message);

/* Writes with name compression, from the writer's present place to at most its end. When it does
 * not fit, whole records are left out from the end and TC is set, unless they were only extra
 * information (RFC 2181 section 9); the writer does not fail unless even the question does not fit.
 * Says whether TC is set. */
bool dns_emit(struct writer *w, const struct dns_message *message);

/* The question's part of a message on its own. */
bool dns_question_equal(const struct dns_question *a, const struct dns_question *b);

/* Appends a record; false when the array is full. Sections must be filled in order. */
bool dns_add_record(struct dns_message *message, enum dns_section section,
                    const struct dns_record *record);

/* The first record of a section, and how many there are. */
struct dns_record *dns_section_records(const struct dns_message *message, enum dns_section section,
                                       size_t *count);

/* A record's data alone, without compression: for keeping records compactly. Parsing takes all that
 * `r` has; record->type and class say as what. Names in it may point into `message` (empty: may
 * not). */
bool dns_rdata_parse(struct reader *r, struct bytes message, struct dns_record *record);
void dns_rdata_emit(struct writer *w, const struct dns_record *record);

/* Makes the record's data one TXT string; false when it is longer than DNS_TEXT_MAX. */
bool dns_record_set_text(struct dns_record *record, const char *text);

enum { DNS_TYPE_TEXT_SIZE = 12 };
const char *dns_type_text(uint16_t type, char buffer[DNS_TYPE_TEXT_SIZE]); /* "AAAA", "TYPE99" */
bool dns_type_parse(const char *text, uint16_t *type);
const char *dns_rcode_text(uint8_t rcode); /* "NXDOMAIN"; "RCODE12" for the unassigned */

/* In master-file form (RFC 1035 5.1), on one line, without a newline. */
void dns_record_print(struct text *text, const struct dns_record *record);
void dns_rdata_print(struct text *text, const struct dns_record *record); /* only the data */

#endif
