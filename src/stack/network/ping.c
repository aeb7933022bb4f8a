/* Theory of operation. A ping is one echo request and the wait for what comes of it: a reply, an
 * error that quotes it, or the timeout. Whatever comes first is kept, and told by the ping's timer
 * in an event of its own, so that the callback may do anything, even free the node.
 */
#include "base/memory.h"
#include "stack/network/icmp_internal.h"

#include <stdlib.h>

enum { MAX_PING_DATA = 65535 - IPV4_HEADER_LEN - ICMP_HEADER_LEN };

struct icmp_ping {
    struct icmp *icmp;
    struct list link;
    struct timer timer;
    uint32_t dst;
    uint32_t id_and_sequence;
    uint64_t sent_ns;
    bool has_result;
    struct icmp_ping_result result;
    icmp_ping_done done;
    void *owner;
};

void icmp_init_pings(struct icmp *icmp)
{
    list_init(&icmp->pings);
    scope_prng_init(icmp->scope, &icmp->ping_ids, "ping");
}

static void ping_free(struct icmp_ping *ping)
{
    timer_fini(&ping->timer);
    list_remove(&ping->link);
    ping->icmp->n_pings--;
    free(ping);
}

void icmp_free_pings(struct icmp *icmp)
{
    LIST_FOR_EACH_SAFE (link, &icmp->pings) {
        ping_free(container_of(link, struct icmp_ping, link));
    }
}

static void ping_on_timer(void *owner)
{
    struct icmp_ping *ping = owner;
    if (!ping->has_result) {
        ping->result = (struct icmp_ping_result){.status = STATUS_TIMED_OUT};
    }
    struct icmp_ping_result result = ping->result;
    icmp_ping_done done = ping->done;
    void *done_owner = ping->owner;
    ping_free(ping);
    done(done_owner, &result);
}

/* The ping that waits for an answer to this request, or NULL. */
static struct icmp_ping *find_ping(const struct icmp *icmp, uint32_t dst, uint32_t id_and_sequence)
{
    LIST_FOR_EACH (link, &icmp->pings) {
        struct icmp_ping *ping = container_of(link, struct icmp_ping, link);
        if (ping->id_and_sequence == id_and_sequence && ping->dst == dst && !ping->has_result) {
            return ping;
        }
    }
    return NULL;
}

static void send_request(struct icmp_ping *ping, uint32_t src, uint16_t len, uint8_t ttl)
{
    struct icmp *icmp = ping->icmp;
    struct packet *packet = packet_new(icmp->scope->env->packets, (size_t)ICMP_HEADER_LEN + len);
    uint8_t *data = packet->data + ICMP_HEADER_LEN;
    for (size_t i = 0; i < len; i++) {
        data[i] = (uint8_t)i;
    }
    struct icmp_header header = {.type = ICMP_ECHO_REQUEST, .rest = ping->id_and_sequence};
    struct writer w = writer_of(packet->data, ICMP_HEADER_LEN);
    icmp_emit(&w, &header, (struct bytes){data, len});
    packet_mark_payload(packet, ICMP_HEADER_LEN);
    struct ipv4_send how = {.src = src, .dst = ping->dst, .protocol = IP_PROTOCOL_ICMP, .ttl = ttl};
    icmp_trace_message(icmp, &ICMP_ECHO_SENT, packet, src, ping->dst, &header);
    (void)ipv4_send(icmp->ip, packet, &how); /* the path was looked at before */
}

struct icmp_ping *icmp_ping_start(struct icmp *icmp, uint32_t dst, uint16_t len, uint8_t ttl,
                                  uint64_t timeout_ns, icmp_ping_done done, void *owner)
{
    uint32_t src;
    uint32_t mtu;
    if (icmp->n_pings >= ICMP_MAX_PINGS || len > MAX_PING_DATA ||
        ipv4_select_source(icmp->ip, dst, &src, &mtu) != STATUS_OK) {
        return NULL;
    }
    struct icmp_ping *ping = memory_new(sizeof *ping);
    ping->icmp = icmp;
    ping->dst = dst;
    do {
        ping->id_and_sequence = prng_u32(&icmp->ping_ids);
    } while (find_ping(icmp, dst, ping->id_and_sequence));
    ping->sent_ns = scope_now(icmp->scope);
    ping->done = done;
    ping->owner = owner;
    list_add_last(&ping->link, &icmp->pings);
    icmp->n_pings++;
    scope_timer_init(icmp->scope, &ping->timer, ping_on_timer, ping);
    timer_set(&ping->timer, ping->sent_ns + timeout_ns);
    send_request(ping, src, len, ttl);
    return ping;
}

void icmp_ping_cancel(struct icmp_ping *ping)
{
    ping_free(ping);
}

/* Keeps the result; the timer tells it as soon as the running event is done. */
static void ping_finish(struct icmp_ping *ping, struct icmp_ping_result result)
{
    uint64_t now_ns = scope_now(ping->icmp->scope);
    ping->result = result;
    ping->result.round_trip_ns = now_ns - ping->sent_ns;
    ping->has_result = true;
    timer_set(&ping->timer, now_ns);
}

bool icmp_ping_on_reply(struct icmp *icmp, const struct ipv4_header *by,
                        const struct icmp_header *header)
{
    struct icmp_ping *ping = find_ping(icmp, by->src, header->rest);
    if (!ping) {
        return false;
    }
    ping_finish(ping, (struct icmp_ping_result){
                          .status = STATUS_OK,
                          .from = ip_v4(by->src),
                          .ttl = by->ttl,
                          .icmp_type = header->type,
                          .icmp_code = header->code,
                      });
    return true;
}

bool icmp_ping_on_error(struct icmp *icmp, const struct ipv4_header *by, uint32_t dst,
                        uint32_t id_and_sequence, const struct icmp_header *error)
{
    struct icmp_ping *ping = find_ping(icmp, dst, id_and_sequence);
    if (!ping) {
        return false;
    }
    ping_finish(ping, (struct icmp_ping_result){
                          .status = STATUS_UNREACHABLE,
                          .from = ip_v4(by->src),
                          .ttl = by->ttl,
                          .icmp_type = error->type,
                          .icmp_code = error->code,
                      });
    return true;
}
