/* Theory of operation. ICMP is two things: questions and answers (echo; the asking side is in
 * ping.c), and errors about packets. An error that arrives quotes the packet that caused it, whose
 * protocol and ports say whom to tell. An error that we send is built from the packet that we are
 * about to drop, if the rules allow one; they exist so that no error is ever answered by an error,
 * and no broadcast by a storm.
 */
#include "stack/network/icmp.h"

#include "base/memory.h"
#include "stack/network/icmp_internal.h"
#include "stack/network/ipv4_internal.h"

#include <stdlib.h>

enum {
    MAX_ERROR_LEN = 576, /* RFC 1812 4.3.2.3: of the whole datagram */
    MAX_QUOTE_LEN = MAX_ERROR_LEN - IPV4_HEADER_LEN - ICMP_HEADER_LEN,
    MIN_QUOTED_DATA = 8, /* RFC 792: of the datagram's data */
    DSCP_CS6 = 48,       /* RFC 1812 4.3.2.5: errors bear precedence 6, internetwork control */
};

const struct drop_reason ICMP_DROP_MALFORMED = {"icmp.malformed", "it is no ICMP message"};
const struct drop_reason ICMP_DROP_BAD_CHECKSUM = {"icmp.bad-checksum",
                                                   "its ICMP checksum is wrong"};
const struct drop_reason ICMP_DROP_UNEXPECTED = {"icmp.unexpected",
                                                 "it is about nothing that this node sent"};
const struct drop_reason ICMP_DROP_UNSUPPORTED = {"icmp.unsupported-type",
                                                  "this node does nothing with its ICMP type"};
const struct drop_reason ICMP_DROP_REDIRECT = {
    "icmp.redirect", "redirects are not followed: anybody could forge one"};
const struct drop_reason ICMP_DROP_GROUP_ECHO = {"icmp.group-echo",
                                                 "an echo request to a group is not answered"};

static const struct trace_field ICMP_FIELDS[] = {
    TRACE_FIELD(struct icmp_event, src, TRACE_IP),
    TRACE_FIELD(struct icmp_event, dst, TRACE_IP),
    TRACE_FIELD(struct icmp_event, type, TRACE_U8),
    TRACE_FIELD(struct icmp_event, code, TRACE_U8),
    TRACE_FIELD(struct icmp_event, id, TRACE_U16),
    TRACE_FIELD(struct icmp_event, sequence, TRACE_U16),
};
TRACE_KIND(ICMP_ECHO_SENT, "icmp.echo-sent", "pings {dst} (id {id}, sequence {sequence})",
           ICMP_FIELDS);
TRACE_KIND(ICMP_ECHO_ANSWERED, "icmp.echo-answered",
           "answers the ping of {dst} (id {id}, sequence {sequence})", ICMP_FIELDS);
TRACE_KIND(ICMP_ERROR_SENT, "icmp.error-sent",
           "sends an ICMP error to {dst}: type {type}, code {code}", ICMP_FIELDS);

static void icmp_input(void *owner, struct packet *packet, const struct ipv4_packet_info *info);

struct icmp *icmp_new(struct ipv4 *ip)
{
    struct icmp *icmp = memory_new(sizeof *icmp);
    icmp->ip = ip;
    icmp->scope = ipv4_scope(ip);
    icmp_init_pings(icmp);
    ipv4_set_handler(ip, IP_PROTOCOL_ICMP, icmp_input, NULL, icmp);
    return icmp;
}

void icmp_free(struct icmp *icmp)
{
    icmp_free_pings(icmp);
    free(icmp);
}

void icmp_trace_message(const struct icmp *icmp, const struct trace_kind *kind,
                        const struct packet *message, uint32_t src, uint32_t dst,
                        const struct icmp_header *header)
{
    if (trace_is_on(icmp->scope->trace)) {
        bool is_echo = header->type == ICMP_ECHO_REQUEST || header->type == ICMP_ECHO_REPLY;
        trace_emit(icmp->scope, kind, message,
                   &(struct icmp_event){
                       .src = ip_v4(src),
                       .dst = ip_v4(dst),
                       .type = header->type,
                       .code = header->code,
                       .id = is_echo ? (uint16_t)(header->rest >> 16) : 0,
                       .sequence = is_echo ? (uint16_t)header->rest : 0,
                   });
    }
}

/* --- sending errors --- */

/* RFC 1122 3.2.2: an error is for one host. */
static bool is_one_host(const struct ipv4 *ip, uint32_t addr)
{
    const struct ipv4_local *local = ipv4_find_local(ip, addr);
    bool is_broadcast = local && local->n_own == 0;
    return addr >> 24 != 0 && addr < UINT32_C(0xe0000000) && !is_broadcast;
}

/* RFC 1122 3.2.2: never about an error. What is too short to tell counts as one. */
static bool is_icmp_error(struct reader message)
{
    uint8_t type = read_u8(&message);
    return message.failed || icmp_is_error(type);
}

/* The rules of RFC 1122 3.2.2 and RFC 1812 4.3.2.7. */
static bool is_error_allowed(const struct icmp *icmp, const struct packet *offender,
                             const struct ipv4_header *header, const struct netif *in)
{
    if (!is_one_host(icmp->ip, header->src) || header->fragment_offset > 0) {
        return false;
    }
    if (in && (ipv4_is_loopback(header->src) || netif_is_broadcast(in, header->dst))) {
        return false;
    }
    if (header->dst == IPV4_BROADCAST || ipv4_is_multicast(header->dst)) {
        return false;
    }
    struct reader body = packet_reader(offender);
    reader_skip(&body, header->header_len);
    return header->protocol != IP_PROTOCOL_ICMP || !is_icmp_error(body);
}

/* RFC 1812 4.3.2.8: a token bucket, kept as the time until which errors are paid for. Each error
 * moves it on by one interval, and it may not be more than a burst ahead of now. */
static bool may_send_error(struct icmp *icmp)
{
    uint64_t now_ns = scope_now(icmp->scope);
    uint64_t paid_ns = icmp->errors_paid_until_ns > now_ns ? icmp->errors_paid_until_ns : now_ns;
    if (paid_ns + ICMP_ERROR_INTERVAL_NS > now_ns + ICMP_ERROR_BURST * ICMP_ERROR_INTERVAL_NS) {
        return false;
    }
    icmp->errors_paid_until_ns = paid_ns + ICMP_ERROR_INTERVAL_NS;
    return true;
}

static struct packet *build_error(struct icmp *icmp, const struct packet *offender,
                                  const struct icmp_header *header)
{
    size_t quote_len = offender->len < MAX_QUOTE_LEN ? offender->len : MAX_QUOTE_LEN;
    struct packet *packet = packet_new(icmp->scope->env->packets, ICMP_HEADER_LEN + quote_len);
    struct writer w = writer_of(packet->data, packet->len);
    icmp_emit(&w, header, (struct bytes){offender->data, quote_len});
    write_copy(&w, offender->data, quote_len);
    return packet;
}

struct packet *icmp_make_error(struct icmp *icmp, const struct packet *offender,
                               const struct netif *in, bool was_group,
                               const struct icmp_header *header, struct ipv4_header *about)
{
    struct reader r = packet_reader(offender);
    if (was_group || ipv4_parse(&r, about) != IPV4_OK ||
        !is_error_allowed(icmp, offender, about, in)) {
        return NULL;
    }
    if (!ipv4_is_own(icmp->ip, about->src) && !may_send_error(icmp)) {
        return NULL;
    }
    return build_error(icmp, offender, header);
}

/* The address that an error about this packet comes from; 0 when this node has none. */
static uint32_t choose_error_source(const struct icmp *icmp, const struct ipv4_header *about,
                                    const struct netif *in)
{
    if (ipv4_is_own(icmp->ip, about->dst)) {
        return about->dst;
    }
    /* RFC 1812 4.3.2.4: an address of the interface that it leaves by */
    uint32_t src;
    uint32_t mtu;
    if (ipv4_select_source(icmp->ip, about->src, &src, &mtu) == STATUS_OK) {
        return src;
    }
    return in ? netif_source_for(in, about->src) : IPV4_ANY;
}

void icmp_send_error(struct icmp *icmp, const struct packet *offender, struct netif *in,
                     bool was_group, uint8_t type, uint8_t code, uint32_t rest)
{
    struct icmp_header header = {.type = type, .code = code, .rest = rest};
    struct ipv4_header about;
    struct packet *packet = icmp_make_error(icmp, offender, in, was_group, &header, &about);
    if (!packet) {
        return;
    }
    struct ipv4_send how = {
        .src = choose_error_source(icmp, &about, in),
        .dst = about.src,
        .protocol = IP_PROTOCOL_ICMP,
        .dscp = DSCP_CS6,
    };
    if (how.src == IPV4_ANY) {
        packet_put(packet); /* nobody could tell who complains */
        return;
    }
    icmp_trace_message(icmp, &ICMP_ERROR_SENT, packet, how.src, how.dst, &header);
    (void)ipv4_send(icmp->ip, packet, &how);
}

/* --- input --- */

static void drop(struct icmp *icmp, struct packet *packet, const struct ipv4_packet_info *info,
                 const struct drop_reason *reason)
{
    ipv4_drop(icmp->ip, info->netif, packet, reason);
}

/* RFC 1122 3.2.2.6: the answer carries all of the question's data, and comes from the address that
 * was asked. */
static void answer_echo(struct icmp *icmp, struct packet *packet,
                        const struct ipv4_packet_info *info, const struct icmp_header *question)
{
    if (info->is_group) {
        drop(icmp, packet, info, &ICMP_DROP_GROUP_ECHO); /* RFC 1122 3.2.2.6: MAY be discarded */
        return;
    }
    struct icmp_header header = {.type = ICMP_ECHO_REPLY, .rest = question->rest};
    struct bytes data = {packet->data + ICMP_HEADER_LEN, packet->len - ICMP_HEADER_LEN};
    struct packet *reply = packet_new(icmp->scope->env->packets, packet->len);
    struct writer w = writer_of(reply->data, reply->len);
    icmp_emit(&w, &header, data);
    write_copy(&w, data.p, data.len);
    packet_mark_payload(reply, ICMP_HEADER_LEN);
    packet_put(packet);

    struct ipv4_send how = {
        .src = info->header.dst,
        .dst = info->header.src,
        .protocol = IP_PROTOCOL_ICMP,
        .dscp = info->header.dscp, /* RFC 1349 5.1: the service that the question had */
    };
    icmp_trace_message(icmp, &ICMP_ECHO_ANSWERED, reply, how.src, how.dst, &header);
    (void)ipv4_send(icmp->ip, reply, &how);
}

/* Tells whoever sent the packet that the error quotes. False when that is nobody here. */
static bool tell_about_error(struct icmp *icmp, const struct ipv4_packet_info *info,
                             const struct icmp_header *header, const struct ipv4_header *about,
                             struct bytes transport)
{
    if (!ipv4_is_own(icmp->ip, about->src) || about->fragment_offset > 0) {
        return false;
    }
    if (about->protocol == IP_PROTOCOL_ICMP) {
        struct reader r = reader_of(transport.p, transport.len);
        uint8_t type = read_u8(&r);
        reader_skip(&r, 3); /* code, checksum */
        return type == ICMP_ECHO_REQUEST &&
               icmp_ping_on_error(icmp, &info->header, about->dst, read_u32(&r), header);
    }
    const struct ipv4_protocol *protocol = ipv4_find_protocol(icmp->ip, about->protocol);
    if (!protocol->on_error) {
        return false;
    }
    protocol->on_error(protocol->owner, about, transport, header->type, header->code, header->rest);
    return true;
}

/* RFC 1122 3.2.2: an error goes to the protocol of the packet that it quotes. */
static void handle_error(struct icmp *icmp, struct packet *packet,
                         const struct ipv4_packet_info *info, const struct icmp_header *header,
                         struct reader quote)
{
    struct ipv4_header about;
    enum ipv4_error fault = ipv4_parse_quoted(&quote, &about);
    /* The quoted checksum may be stale: routers change the TTL before they quote. */
    bool is_quoted = fault == IPV4_OK || fault == IPV4_BAD_CHECKSUM;
    struct bytes transport = {quote.p, reader_left(&quote)};
    if (!is_quoted || transport.len < MIN_QUOTED_DATA) {
        drop(icmp, packet, info, &ICMP_DROP_MALFORMED);
    } else if (tell_about_error(icmp, info, header, &about, transport)) {
        packet_put(packet);
    } else {
        drop(icmp, packet, info, &ICMP_DROP_UNEXPECTED);
    }
}

static void icmp_input(void *owner, struct packet *packet, const struct ipv4_packet_info *info)
{
    struct icmp *icmp = owner;
    struct reader r = packet_reader(packet);
    struct icmp_header header;
    bool is_checksum_right;
    if (!icmp_parse(&r, &header, &is_checksum_right)) {
        drop(icmp, packet, info, &ICMP_DROP_MALFORMED);
        return;
    }
    if (!is_checksum_right) {
        drop(icmp, packet, info, &ICMP_DROP_BAD_CHECKSUM);
        return;
    }
    switch (header.type) {
    case ICMP_ECHO_REQUEST:
        answer_echo(icmp, packet, info, &header);
        break;
    case ICMP_ECHO_REPLY:
        if (icmp_ping_on_reply(icmp, &info->header, &header)) {
            packet_put(packet);
        } else {
            drop(icmp, packet, info, &ICMP_DROP_UNEXPECTED);
        }
        break;
    case ICMP_DESTINATION_UNREACHABLE:
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER_PROBLEM:
        handle_error(icmp, packet, info, &header, r);
        break;
    case ICMP_REDIRECT:
        /* DEVIATES: RFC 1122 3.2.2.2 has hosts follow redirects. Whoever can forge one can take
         * over all traffic of its victim, and nobody here sends them. */
        drop(icmp, packet, info, &ICMP_DROP_REDIRECT);
        break;
    default:
        /* RFC 1122 3.2.2: unknown types are silently discarded; RFC 6633: source quench too */
        drop(icmp, packet, info, &ICMP_DROP_UNSUPPORTED);
    }
}
