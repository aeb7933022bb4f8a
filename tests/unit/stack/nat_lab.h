/* A home behind a NAT, for the tests of it:
 *
 *     pc1 192.168.1.10 --+
 *                        home 203.0.113.2 -- isp 203.0.113.1, 198.51.100.1 -- server 198.51.100.9
 *     pc2 192.168.2.10 --+                                                            (and .10)
 *
 * Every node keeps the last packet that its transports were given, and the last ICMP error.
 */
#ifndef TESTS_UNIT_STACK_NAT_LAB_H
#define TESTS_UNIT_STACK_NAT_LAB_H

#include "stack/network/nat.h"
#include "stack/stack_net.h"
#include "wire/tcp.h"
#include "wire/udp.h"

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

enum { NAT_LAB_MAX_BODY = 65535 };

struct nat_host {
    struct stack_node *node;
    uint32_t addr;
    size_t n_packets;
    struct ipv4_header header; /* of the last one */
    uint64_t packet_id;
    uint16_t src_port, dst_port; /* ICMP echoes: the id */
    bool is_checksum_right;
    uint8_t body[NAT_LAB_MAX_BODY]; /* with the transport header */
    size_t len;
    size_t n_errors;
    struct ipv4_header quoted; /* of the last error */
    uint8_t quote[NAT_LAB_MAX_BODY];
    size_t quote_len;
    uint8_t icmp_type, icmp_code;
};

struct nat_lab {
    struct stack_net *net;
    struct nat_host pc1, pc2, home, isp, server;
    struct netif *wan;
    struct nat *nat;
    uint16_t taken_port; /* of the router's own transports; 0: none */
};

void nat_lab_init(struct nat_lab *lab);
void nat_lab_fini(struct nat_lab *lab);
void nat_lab_run(struct nat_lab *lab); /* until everything sent has arrived */
void nat_lab_wait(struct nat_lab *lab, uint64_t duration_ns);

/* How a test packet looks; zero: the default in brackets. */
struct nat_send {
    uint32_t src; /* [the host's address] */
    uint32_t dst;
    uint16_t src_port, dst_port;
    const char *body; /* ["hello"] */
    size_t len;       /* of the body [strlen] */
    uint8_t ttl;
    uint8_t tcp_flags;
    bool without_checksum; /* UDP */
};
void nat_send_udp(struct nat_lab *lab, struct nat_host *host, const struct nat_send *how);
void nat_send_tcp(struct nat_lab *lab, struct nat_host *host, const struct nat_send *how);
/* src_port is the id */
void nat_send_echo(struct nat_lab *lab, struct nat_host *host, uint8_t type,
                   const struct nat_send *how);

/* UDP from pc to the server; returns the port that the server saw, 0 when nothing came. */
uint16_t nat_outside_port(struct nat_lab *lab, struct nat_host *pc, uint16_t port);

#define PC1 stack_addr("192.168.1.10")
#define PC2 stack_addr("192.168.2.10")
#define WAN stack_addr("203.0.113.2")
#define ISP stack_addr("203.0.113.1")
#define SERVER stack_addr("198.51.100.9")
#define SERVER2 stack_addr("198.51.100.10")

#endif
