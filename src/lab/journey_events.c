/* What each kind of trace event means to the journey: a table of handlers. */
#include "lab/journey_internal.h"

#include "base/memory.h"
#include "dhcp/client.h"
#include "dns/server.h"
#include "http/http_trace.h"
#include "stack/link/arp.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_client(const struct journey *journey, const struct trace_event *event)
{
    return event->node == journey->lab->nodes[journey->client].id;
}

static uint32_t node_of(const struct trace_event *event)
{
    return event->node - 1; /* ids count from 1 */
}

/* Is the node on the link of the client? Other homes may use the same addresses and names. */
static bool is_on_client_segment(const struct journey *journey, uint32_t node)
{
    const struct lab *lab = journey->lab;
    uint32_t segment_index = lab->ports[lab->nodes[journey->client].ports[0]].segment;
    const struct lab_segment *segment = &lab->segments[segment_index];
    for (size_t i = 0; i < segment->n_ports; i++) {
        if (lab->ports[segment->ports[i]].node == node) {
            return true;
        }
    }
    return false;
}

/* --- DHCP --- */

static void on_dhcp_sent(struct journey *journey, const struct trace_event *event)
{
    const struct dhcp_event *dhcp = event->data;
    char addr[IP_TEXT_SIZE], server[IP_TEXT_SIZE];
    if (!mac_equal(dhcp->client, journey->mac)) {
        return;
    }
    const char *to = journey->name;
    if (dhcp->is_broadcast) {
        to = "everyone on the link";
    } else if (is_client(journey, event)) {
        to = journey_name_of(journey, journey->client, dhcp->server, server);
    }
    bool has_address = ip_is_set(dhcp->address);
    journey_add(journey, JOURNEY_ADDRESS, event, to, dhcp->why, "DHCP%s%s%s", dhcp->type,
                has_address ? " " : "", has_address ? ip_print(dhcp->address, addr) : "");
}

static void on_dhcp_bound(struct journey *journey, const struct trace_event *event)
{
    const struct dhcp_bound_event *bound = event->data;
    char addr[IP_PREFIX_TEXT_SIZE], router[IP_TEXT_SIZE], dns[IP_TEXT_SIZE];
    if (is_client(journey, event)) {
        journey_add(
            journey, JOURNEY_ADDRESS, event, NULL,
            "from now on it can speak for itself, and knows the way out and whom to ask for "
            "names",
            "has %s for %" PRIu32 " s; gateway %s, name server %s",
            ip_prefix_print(bound->address, addr), bound->lease_time_s,
            ip_print(bound->router, router), ip_print(bound->dns, dns));
    }
}

/* --- the URL --- */

static void on_url(struct journey *journey, const struct trace_event *event)
{
    const struct browser_url_event *url = event->data;
    if (!is_client(journey, event)) {
        return;
    }
    if (!journey->host) {
        journey->host = memory_copy_text(url->host);
    }
    journey_add(journey, JOURNEY_URL, event, NULL, NULL,
                "%s: scheme %s, host %s, port %u, path %s%s%s", url->url, url->scheme, url->host,
                url->port, url->path, url->query[0] ? ", query " : "", url->query);
}

/* --- ARP --- */

static void on_arp(struct journey *journey, const struct trace_event *event)
{
    const struct arp_event *arp = event->data;
    const struct node *client = world_node(journey->world, journey->client);
    const struct ip_prefix *own = netif_ipv4(client->netifs[0]);
    char asked[IP_TEXT_SIZE], asker[IP_TEXT_SIZE], mac[MAC_TEXT_SIZE];
    if (!own || !ip_equal(arp->asker, own->addr) || journey->n_flows > 0 ||
        !is_on_client_segment(journey, node_of(event))) {
        return;
    }
    ip_print(arp->asked, asked);
    ip_print(arp->asker, asker);
    if (event->kind == &ARP_REQUESTED) {
        journey_add(journey, JOURNEY_NEIGHBOUR, event, "everyone on the link",
                    "broadcast, because nobody knows yet who that is", "who has %s? tell %s", asked,
                    asker);
    } else if (event->kind == &ARP_ANSWERED) {
        journey_add(journey, JOURNEY_NEIGHBOUR, event, journey->name,
                    "to the asker alone: its address was in the question", "%s is at %s", asked,
                    mac_print(arp->mac, mac));
    } else {
        journey_add(journey, JOURNEY_NEIGHBOUR, event, NULL,
                    "kept in its cache; what waited for it leaves now", "learns %s is at %s", asked,
                    mac_print(arp->mac, mac));
    }
}

/* --- DNS --- */

static bool dns_concerns(const struct journey *journey, const struct trace_event *event)
{
    const struct dns_event *dns = event->data;
    if (!journey->host || journey->name_is_known || strcasecmp(dns->name, journey->host) != 0) {
        return false;
    }
    if (strcmp(dns->role, "stub") == 0) {
        return is_client(journey, event);
    }
    return strcmp(dns->role, "forwarder") != 0 || is_on_client_segment(journey, node_of(event));
}

static void on_dns_query_sent(struct journey *journey, const struct trace_event *event)
{
    const struct dns_event *dns = event->data;
    char peer[IP_TEXT_SIZE];
    if (dns_concerns(journey, event)) {
        journey_add(journey, JOURNEY_NAME, event,
                    journey_name_of(journey, node_of(event), dns->peer.addr, peer), NULL,
                    "[%s] %s %s? (id 0x%04x)", dns->role, dns->name, dns->type, dns->id);
    }
}

static void on_dns_response_received(struct journey *journey, const struct trace_event *event)
{
    const struct dns_event *dns = event->data;
    char peer[IP_TEXT_SIZE];
    if (!dns_concerns(journey, event)) {
        return;
    }
    const char *from = journey_name_of(journey, node_of(event), dns->peer.addr, peer);
    struct journey_entry *entry =
        journey_add(journey, JOURNEY_NAME, event, event->node_name,
                    dns->authoritative ? "authoritative: it serves that zone itself" : NULL,
                    "%s: %s", dns->rcode, dns->result ? dns->result : "");
    if (entry) {
        free(entry->from);
        entry->from = memory_copy_text(from);
    }
    journey->name_is_known = is_client(journey, event);
}

static void on_dns_response_sent(struct journey *journey, const struct trace_event *event)
{
    const struct dns_event *dns = event->data;
    char peer[IP_TEXT_SIZE];
    if (dns->from_cache && dns_concerns(journey, event)) {
        journey_add(journey, JOURNEY_NAME, event,
                    journey_name_of(journey, node_of(event), dns->peer.addr, peer),
                    "it asked for that a while ago and still remembers", "answers from its cache");
    }
}

/* A service that sends a message does not learn its packet; UDP tells of it right afterwards. */
static void on_udp_sent(struct journey *journey, const struct trace_event *event)
{
    static const enum journey_stage STAGES[] = {JOURNEY_ADDRESS, JOURNEY_NAME};
    for (size_t i = 0; i < sizeof STAGES / sizeof STAGES[0]; i++) {
        struct journey_step *step = &journey->steps[STAGES[i]];
        struct journey_entry *last = step->n_entries ? &step->entries[step->n_entries - 1] : NULL;
        if (last && last->to && !last->packet_id && last->at_ns == event->at_ns &&
            strcmp(last->from, event->node_name) == 0) {
            last->packet_id = event->packet_id;
        }
    }
}

/* --- TCP --- */

static struct journey_flow *find_flow(struct journey *journey, struct endpoint local,
                                      struct endpoint remote)
{
    for (size_t i = journey->n_flows; i > 0; i--) { /* the newest first: ports come again */
        struct journey_flow *flow = &journey->flows[i - 1];
        if (endpoint_equal(flow->local, local) && endpoint_equal(flow->remote, remote)) {
            return flow;
        }
    }
    return NULL;
}

static bool is_first(const struct journey *journey, const struct journey_flow *flow)
{
    return flow == journey->flows;
}

static void open_flow(struct journey *journey, const struct trace_event *event)
{
    const struct tcp_segment_event *segment = event->data;
    if (journey->n_flows == JOURNEY_MAX_FLOWS ||
        find_flow(journey, segment->local, segment->remote)) {
        return;
    }
    journey->flows[journey->n_flows++] = (struct journey_flow){
        .local = segment->local,
        .remote = segment->remote,
        .opened_ns = event->at_ns,
        .syn_packet = event->packet_id,
    };
    if (journey->n_flows > 1) {
        char local[ENDPOINT_TEXT_SIZE], remote[ENDPOINT_TEXT_SIZE];
        journey_add(journey, JOURNEY_RESOURCES, event, endpoint_print(segment->remote, remote),
                    "so that files can come side by side", "opens another connection from %s",
                    endpoint_print(segment->local, local));
    }
}

/* "SYN, seq 17, window 65535, MSS 1460, window scale 7" */
static void print_segment(struct text *text, const struct tcp_segment_event *segment, bool has_ack)
{
    text_print(text, "%s, seq %" PRIu32, segment->flags, segment->seq);
    if (has_ack) {
        text_print(text, ", ack %" PRIu32, segment->ack);
    }
    text_print(text, ", window %" PRIu32, segment->window);
    if (segment->mss) {
        text_print(text, ", MSS %u", segment->mss);
    }
    if (segment->window_scale >= 0) {
        text_print(text, ", window scale %d", segment->window_scale);
    }
    if (segment->len) {
        text_print(text, ", %" PRIu32 " bytes of data", segment->len);
    }
}

static void add_segment(struct journey *journey, enum journey_stage stage,
                        const struct trace_event *event, const char *why)
{
    const struct tcp_segment_event *segment = event->data;
    bool is_sent = event->kind == &TCP_SEGMENT_SENT;
    char addr[IP_TEXT_SIZE];
    const char *peer = journey_name_of(journey, journey->client, segment->remote.addr, addr);
    struct text text = {0};
    print_segment(&text, segment, strstr(segment->flags, "ACK"));
    struct journey_entry *entry =
        journey_add(journey, stage, event, is_sent ? peer : journey->name, why, "%s", text.chars);
    if (entry && !is_sent) {
        free(entry->from);
        entry->from = memory_copy_text(peer);
    }
    text_fini(&text);
}

static void tell_handshake(struct journey *journey, struct journey_flow *flow,
                           const struct trace_event *event)
{
    const struct tcp_segment_event *segment = event->data;
    bool is_sent = event->kind == &TCP_SEGMENT_SENT;
    bool is_syn = strstr(segment->flags, "SYN");
    const char *why = NULL;
    if (is_syn && is_sent) {
        why = "my bytes count from the next number on; this is the largest segment I take";
    } else if (is_syn) {
        why = "so do mine, and I have heard yours: ack is the next number I expect";
        flow->syn_ack_packet = event->packet_id;
    } else if (is_sent) {
        why = "I have heard yours too: both directions are open";
        flow->is_established = true;
    }
    if (is_first(journey, flow) && why) {
        add_segment(journey, JOURNEY_CONNECT, event, why);
    }
}

static void tell_close(struct journey *journey, struct journey_flow *flow,
                       const struct trace_event *event)
{
    const struct tcp_segment_event *segment = event->data;
    bool is_sent = event->kind == &TCP_SEGMENT_SENT;
    bool is_fin = strstr(segment->flags, "FIN");
    flow->is_closing |= is_fin;
    if (!is_first(journey, flow) || !flow->is_closing) {
        return;
    }
    const char *why = "I have heard that";
    if (is_fin) {
        why = is_sent ? "I have nothing more to send" : "nor have I";
    }
    add_segment(journey, JOURNEY_CLOSE, event, why);
}

static void on_segment(struct journey *journey, const struct trace_event *event)
{
    const struct tcp_segment_event *segment = event->data;
    bool is_sent = event->kind == &TCP_SEGMENT_SENT;
    if (!is_client(journey, event)) {
        return;
    }
    if (is_sent && strcmp(segment->flags, "SYN") == 0) {
        open_flow(journey, event);
    }
    struct journey_flow *flow = find_flow(journey, segment->local, segment->remote);
    if (!flow) {
        return;
    }
    *(is_sent ? &flow->segments_sent : &flow->segments_received) += 1;
    *(is_sent ? &flow->bytes_sent : &flow->bytes_received) += segment->len;
    if (!flow->is_established) {
        tell_handshake(journey, flow, event);
    } else {
        tell_close(journey, flow, event);
    }
}

static void on_retransmitted(struct journey *journey, const struct trace_event *event)
{
    const struct tcp_retransmitted *retransmitted = event->data;
    struct journey_flow *flow = find_flow(journey, retransmitted->local, retransmitted->remote);
    if (flow && is_client(journey, event)) {
        flow->retransmitted++;
    }
}

static void on_tcp_state(struct journey *journey, const struct trace_event *event)
{
    const struct tcp_state_changed *state = event->data;
    struct journey_flow *flow = find_flow(journey, state->local, state->remote);
    bool is_over = strcmp(state->to, "TIME-WAIT") == 0 || strcmp(state->to, "CLOSED") == 0;
    if (!flow || !is_client(journey, event) || !is_over) {
        return;
    }
    char local[ENDPOINT_TEXT_SIZE];
    endpoint_print(state->local, local);
    if (strcmp(state->to, "TIME-WAIT") == 0) {
        journey_add(journey, JOURNEY_CLOSE, event, NULL, NULL,
                    "the connection from %s waits in TIME-WAIT", local);
    } else if (flow->closed_ns == 0) {
        journey_add(journey, JOURNEY_CLOSE, event, NULL, state->why,
                    "the connection from %s is gone", local);
    } else {
        journey_add(journey, JOURNEY_CLOSE, event, NULL, state->why, "port %u is free again",
                    state->local.port);
    }
    if (flow->closed_ns == 0) {
        flow->closed_ns = event->at_ns;
    }
}

/* --- NAT and hops --- */

static void on_translated_out(struct journey *journey, const struct trace_event *event)
{
    const struct nat_event *nat = event->data;
    char inside[ENDPOINT_TEXT_SIZE], outside[ENDPOINT_TEXT_SIZE], remote[ENDPOINT_TEXT_SIZE];
    for (size_t i = 0; i < journey->n_flows; i++) {
        struct journey_flow *flow = &journey->flows[i];
        if (flow->syn_packet != event->packet_id || ip_is_set(flow->outside.addr)) {
            continue;
        }
        flow->outside = nat->outside;
        if (is_first(journey, flow)) {
            journey_add(journey, JOURNEY_TRANSLATE, event, NULL,
                        "remembered until the connection ends",
                        "SYN on its way out: source %s becomes %s (to %s)",
                        endpoint_print(nat->inside, inside), endpoint_print(nat->outside, outside),
                        endpoint_print(nat->remote, remote));
        }
    }
}

static void on_translated_in(struct journey *journey, const struct trace_event *event)
{
    const struct nat_event *nat = event->data;
    char inside[ENDPOINT_TEXT_SIZE], outside[ENDPOINT_TEXT_SIZE];
    struct journey_flow *flow = journey->flows;
    if (journey->n_flows == 0 || flow->syn_ack_packet ||
        !endpoint_equal(flow->outside, nat->outside) ||
        !endpoint_equal(flow->remote, nat->remote)) {
        return;
    }
    flow->syn_ack_packet = event->packet_id;
    journey_add(journey, JOURNEY_TRANSLATE, event, NULL, "found by the port",
                "SYN-ACK on its way back: destination %s becomes %s again",
                endpoint_print(nat->outside, outside), endpoint_print(nat->inside, inside));
}

static void on_forwarded(struct journey *journey, const struct trace_event *event)
{
    const struct ipv4_forwarded *hop = event->data;
    char next[IP_TEXT_SIZE];
    for (size_t i = 0; i < journey->n_flows; i++) {
        journey->flows[i].hops += journey->flows[i].syn_packet == event->packet_id;
    }
    if (journey->n_flows == 0 || journey->flows[0].syn_packet != event->packet_id) {
        return;
    }
    const char *name = journey_name_of(journey, node_of(event), hop->next_hop, next);
    journey_add(journey, JOURNEY_TRANSLATE, event, name, NULL, "SYN from %s to %s, TTL now %u",
                hop->in, hop->out, hop->ttl);
}

/* --- HTTP and the page --- */

static void on_request(struct journey *journey, const struct trace_event *event)
{
    const struct http_message_event *http = event->data;
    char peer[IP_TEXT_SIZE];
    if (!is_client(journey, event)) {
        return;
    }
    const char *to = journey_name_of(journey, journey->client, http->remote.addr, peer);
    if (journey->n_exchanges++ == 0) {
        struct journey_entry *entry = journey_add(journey, JOURNEY_EXCHANGE, event, to, NULL,
                                                  "%s %s", http->method, http->target);
        if (entry) {
            entry->block = memory_copy_text(http->headers);
        }
        return;
    }
    journey_add(journey, JOURNEY_RESOURCES, event, to,
                http->exchange > 1 ? "over the connection that is open already" : NULL,
                "%s %s (port %u, exchange %" PRIu32 ")", http->method, http->target,
                http->local.port, http->exchange);
}

static void on_response(struct journey *journey, const struct trace_event *event)
{
    const struct http_message_event *http = event->data;
    char peer[IP_TEXT_SIZE];
    if (!is_client(journey, event)) {
        return;
    }
    bool is_document = journey->steps[JOURNEY_EXCHANGE].n_entries == 1;
    struct journey_entry *entry =
        journey_add(journey, is_document ? JOURNEY_EXCHANGE : JOURNEY_RESOURCES, event,
                    journey->name, NULL, "%u %s for %s, %" PRIu64 " bytes", http->status,
                    http->reason, http->target, http->body_len);
    if (entry) {
        free(entry->from);
        entry->from =
            memory_copy_text(journey_name_of(journey, journey->client, http->remote.addr, peer));
        entry->block = is_document ? memory_copy_text(http->headers) : NULL;
    }
}

static void on_resource_found(struct journey *journey, const struct trace_event *event)
{
    const struct browser_resource_event *resource = event->data;
    if (is_client(journey, event)) {
        journey_add(journey, JOURNEY_RESOURCES, event, NULL, NULL, "the document names %s %s: %s",
                    strchr("aeiou", resource->resource_kind[0]) ? "an" : "a",
                    resource->resource_kind, resource->url);
    }
}

static void on_page_done(struct journey *journey, const struct trace_event *event)
{
    const struct browser_page_event *page = event->data;
    if (is_client(journey, event)) {
        journey_add(journey, JOURNEY_PAGE, event, NULL, NULL,
                    "%s: status %u, %" PRIu32 " files, %" PRIu64 " bytes", page->url,
                    page->http_status, page->resources, page->bytes);
    }
}

static const struct {
    const struct trace_kind *kind;
    void (*handle)(struct journey *journey, const struct trace_event *event);
} HANDLERS[] = {
    {&DHCP_SENT, on_dhcp_sent},
    {&DHCP_BOUND, on_dhcp_bound},
    {&BROWSER_URL_TAKEN_APART, on_url},
    {&ARP_REQUESTED, on_arp},
    {&ARP_ANSWERED, on_arp},
    {&ARP_RESOLVED, on_arp},
    {&DNS_QUERY_SENT, on_dns_query_sent},
    {&DNS_RESPONSE_RECEIVED, on_dns_response_received},
    {&DNS_RESPONSE_SENT, on_dns_response_sent},
    {&UDP_SENT, on_udp_sent},
    {&TCP_SEGMENT_SENT, on_segment},
    {&TCP_SEGMENT_RECEIVED, on_segment},
    {&TCP_RETRANSMITTED, on_retransmitted},
    {&TCP_STATE_CHANGED, on_tcp_state},
    {&NAT_TRANSLATED_OUT, on_translated_out},
    {&NAT_TRANSLATED_IN, on_translated_in},
    {&IPV4_FORWARDED, on_forwarded},
    {&HTTP_REQUEST_SENT, on_request},
    {&HTTP_RESPONSE_RECEIVED, on_response},
    {&BROWSER_RESOURCE_FOUND, on_resource_found},
    {&BROWSER_PAGE_DONE, on_page_done},
};

void journey_on_event(struct journey *journey, const struct trace_event *event)
{
    for (size_t i = 0; i < sizeof HANDLERS / sizeof HANDLERS[0]; i++) {
        if (HANDLERS[i].kind == event->kind) {
            HANDLERS[i].handle(journey, event);
            return;
        }
    }
}
