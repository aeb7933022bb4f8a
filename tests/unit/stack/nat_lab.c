#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stack/nat_lab.h"
#include "wire/checksum.h"

static const struct link_config LINK = {.delay_ns = MS};

static void on_packet(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct nat_host *host = owner;
    struct reader r = packet_reader(packet);
    host->n_packets++;
    host->header = info->header;
    host->packet_id = packet->id;
    host->len = packet->len;
    assert_true(packet->len <= sizeof host->body);
    memcpy(host->body, packet->data, packet->len);
    uint64_t sum = checksum_add(0, packet->data, packet->len);
    if (info->header.protocol == IP_PROTOCOL_ICMP) {
        reader_skip(&r, 4);
        host->src_port = host->dst_port = read_u16(&r);
    } else {
        host->src_port = read_u16(&r);
        host->dst_port = read_u16(&r);
        sum = checksum_add_pseudo_header(sum, ip_v4(info->header.src), ip_v4(info->header.dst),
                                         info->header.protocol, packet->len);
    }
    host->is_checksum_right = checksum_is_right(sum);
    packet_put(packet);
}

static void on_error(void *owner, const struct ipv4_header *header, struct bytes transport,
                     uint8_t icmp_type, uint8_t icmp_code, uint32_t icmp_rest)
{
    (void)icmp_rest;
    struct nat_host *host = owner;
    host->n_errors++;
    host->quoted = *header;
    host->quote_len = transport.len;
    assert_true(transport.len <= sizeof host->quote);
    memcpy(host->quote, transport.p, transport.len);
    host->icmp_type = icmp_type;
    host->icmp_code = icmp_code;
}

static void host_init(struct nat_host *host, struct nat_lab *lab, const char *name, bool forwarding,
                      const char *addr)
{
    host->node = stack_net_add_node(lab->net, name, forwarding);
    host->addr = stack_addr(addr);
    ipv4_set_handler(host->node->ip, IP_PROTOCOL_UDP, on_packet, on_error, host);
    ipv4_set_handler(host->node->ip, IP_PROTOCOL_TCP, on_packet, on_error, host);
}

static bool is_port_taken(void *owner, uint8_t protocol, uint16_t port)
{
    const struct nat_lab *lab = owner;
    return protocol != IP_PROTOCOL_ICMP && port != 0 && port == lab->taken_port;
}

static void connect(struct nat_lab *lab, const char *name, struct nat_host *a, const char *a_prefix,
                    struct nat_host *b, const char *b_prefix)
{
    struct link *link = stack_net_add_link(lab->net, name, &LINK);
    stack_node_attach(a->node, link, 0, a_prefix);
    stack_node_attach(b->node, link, 1, b_prefix);
}

void nat_lab_init(struct nat_lab *lab)
{
    *lab = (struct nat_lab){.net = stack_net_new()};
    host_init(&lab->pc1, lab, "pc1", false, "192.168.1.10");
    host_init(&lab->pc2, lab, "pc2", false, "192.168.2.10");
    host_init(&lab->home, lab, "home", true, "203.0.113.2");
    host_init(&lab->isp, lab, "isp", true, "203.0.113.1");
    host_init(&lab->server, lab, "server", false, "198.51.100.9");
    connect(lab, "pc1-home", &lab->pc1, "192.168.1.10/24", &lab->home, "192.168.1.1/24");
    connect(lab, "pc2-home", &lab->pc2, "192.168.2.10/24", &lab->home, "192.168.2.1/24");
    connect(lab, "home-isp", &lab->home, "203.0.113.2/24", &lab->isp, "203.0.113.1/24");
    connect(lab, "isp-server", &lab->isp, "198.51.100.1/24", &lab->server, "198.51.100.9/24");
    lab->wan = &lab->home.node->netifs[2];
    struct stack_node *server = lab->server.node;
    struct ip_prefix second = {ip_v4(SERVER2), 24};
    assert_int_equal(ipv4_add_address(server->ip, &server->netifs[0], second), STATUS_OK);
    stack_node_route(lab->pc1.node, "0.0.0.0/0", "192.168.1.1", &lab->pc1.node->netifs[0]);
    stack_node_route(lab->pc2.node, "0.0.0.0/0", "192.168.2.1", &lab->pc2.node->netifs[0]);
    stack_node_route(lab->home.node, "0.0.0.0/0", "203.0.113.1", lab->wan);
    stack_node_route(server, "0.0.0.0/0", "198.51.100.1", &server->netifs[0]);
    /* an ISP that would carry private addresses to the home, if somebody sent to them */
    stack_node_route(lab->isp.node, "192.168.0.0/16", "203.0.113.2", &lab->isp.node->netifs[0]);
    lab->nat = nat_new(lab->home.node->ip, lab->wan, is_port_taken, lab);
}

void nat_lab_fini(struct nat_lab *lab)
{
    nat_free(lab->nat);
    stack_net_free(lab->net);
}

void nat_lab_run(struct nat_lab *lab)
{
    nat_lab_wait(lab, 100 * MS);
}

static void on_end(void *owner)
{
    (void)owner; /* an event that does nothing, to move the clock */
}

void nat_lab_wait(struct nat_lab *lab, uint64_t duration_ns)
{
    struct event end;
    uint64_t until_ns = lab->net->env->now_ns + duration_ns;
    event_init(&end, UINT64_MAX, on_end, NULL);
    env_arm(lab->net->env, &end, until_ns);
    stack_net_run(lab->net, until_ns);
}

static struct bytes body_of(const struct nat_send *how)
{
    const char *body = how->body ? how->body : "hello";
    return (struct bytes){(const uint8_t *)body, how->len ? how->len : strlen(body)};
}

static void send_packet(struct nat_lab *lab, struct nat_host *host, uint8_t protocol,
                        const struct nat_send *how, const uint8_t *header, size_t header_len)
{
    struct bytes body = body_of(how);
    struct packet *packet = packet_new(lab->net->env->packets, header_len + body.len);
    memcpy(packet->data, header, header_len);
    memcpy(packet->data + header_len, body.p, body.len);
    packet_mark_payload(packet, header_len);
    struct ipv4_send send = {
        .src = how->src, .dst = how->dst, .protocol = protocol, .ttl = how->ttl};
    (void)ipv4_send(host->node->ip, packet, &send);
    nat_lab_run(lab);
}

void nat_send_udp(struct nat_lab *lab, struct nat_host *host, const struct nat_send *how)
{
    uint8_t bytes[UDP_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct udp_header header = {.src_port = how->src_port, .dst_port = how->dst_port};
    uint32_t src = how->src ? how->src : host->addr;
    udp_emit(&w, ip_v4(src), ip_v4(how->dst), &header, body_of(how));
    if (how->without_checksum) {
        memset(bytes + 6, 0, 2);
    }
    send_packet(lab, host, IP_PROTOCOL_UDP, how, bytes, sizeof bytes);
}

void nat_send_tcp(struct nat_lab *lab, struct nat_host *host, const struct nat_send *how)
{
    uint8_t bytes[TCP_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct tcp_header header = {.src_port = how->src_port,
                                .dst_port = how->dst_port,
                                .seq = 1000,
                                .flags = how->tcp_flags,
                                .window = 512};
    uint32_t src = how->src ? how->src : host->addr;
    tcp_emit(&w, ip_v4(src), ip_v4(how->dst), &header, body_of(how));
    send_packet(lab, host, IP_PROTOCOL_TCP, how, bytes, sizeof bytes);
}

void nat_send_echo(struct nat_lab *lab, struct nat_host *host, uint8_t type,
                   const struct nat_send *how)
{
    uint8_t bytes[ICMP_HEADER_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct icmp_header header = {.type = type, .rest = (uint32_t)how->src_port << 16 | 1};
    icmp_emit(&w, &header, body_of(how));
    send_packet(lab, host, IP_PROTOCOL_ICMP, how, bytes, sizeof bytes);
}

uint16_t nat_outside_port(struct nat_lab *lab, struct nat_host *pc, uint16_t port)
{
    size_t before = lab->server.n_packets;
    nat_send_udp(lab, pc, &(struct nat_send){.dst = SERVER, .src_port = port, .dst_port = 53});
    if (lab->server.n_packets == before) {
        return 0;
    }
    assert_int_equal(lab->server.header.src, WAN);
    assert_true(lab->server.is_checksum_right);
    return lab->server.src_port;
}
