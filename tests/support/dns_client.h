/* For tests of DNS: records from text, zones from lines, and a client that shows whole responses.
 */
#ifndef SUPPORT_DNS_CLIENT_H
#define SUPPORT_DNS_CLIENT_H

#include "dns/server.h"
#include "support/fake_net.h"

struct dns_name test_name(const char *text);

/* "www.shop.example 300 A 203.0.113.10"; also AAAA, NS, CNAME, PTR, TXT (one word), MX ("10
 * mail.x") and SOA ("mname rname minimum"; the other numbers are fixed). */
struct dns_record test_record(const char *line);

/* A zone with these records, one a line. */
struct dns_zone *test_zone(const char *origin, const char *lines);

/* Sends queries from a port of its own and keeps what comes back. */
struct test_client {
    struct fake_net *net;
    struct datagram_socket *socket;
    uint16_t next_id;
    unsigned responses;
    uint64_t answered_ns; /* when the last one came */
    uint8_t wire[65535];  /* the last response */
    size_t len;
    struct text text;
};

struct test_client *test_client_new(struct fake_net *net, struct sockets *host);
void test_client_free(struct test_client *client);

enum { TEST_RD = 1, TEST_EDNS = 2 };
/* Sends a query; returns its id. */
uint16_t test_client_ask(struct test_client *client, const char *server, const char *name,
                         const char *type, int flags);
void test_client_send(struct test_client *client, const char *server, struct bytes bytes);

/* The last response: "NOERROR aa rd ra\n" and its records, "an ", "au " or "ad " before each and a
 * newline behind. "" when none came since the last call. */
const char *test_client_show(struct test_client *client);

/* Asks, lets `ms` pass, and shows. */
const char *test_client_try(struct test_client *client, const char *server, const char *name,
                            const char *type, uint64_t ms);

/* How often that reason dropped something. */
uint64_t test_drops(struct fake_net *net, const struct drop_reason *reason);

#endif
