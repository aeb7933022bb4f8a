#include "dhcp_support.h"

#include "base/check.h"
#include "base/list.h"

#include <stdio.h>
#include <stdlib.h>

static void on_datagram(void *owner, struct fake_datagram *datagram)
{
    struct test_link *link = owner;
    CHECK(link->n_seen < SEEN_MAX);
    struct seen *seen = &link->seen[link->n_seen++];
    seen->at_ns = fake_net_env(link->net)->now_ns;
    snprintf(seen->sender, sizeof seen->sender, "%s", datagram->sender);
    seen->link_dst = datagram->link_dst;
    seen->from = datagram->from;
    seen->to = datagram->to;
    struct reader r = reader_of(datagram->bytes, datagram->len);
    if (!dhcp_parse(&r, &seen->message)) {
        seen->message = (struct dhcp_message){0};
    }
}

static void on_event(struct trace_sink *sink, const struct trace_event *event)
{
    struct test_link *link = container_of(sink, struct test_link, sink);
    link->n_states += event->kind == &DHCP_STATE;
    link->n_bound += event->kind == &DHCP_BOUND;
    link->n_expired += event->kind == &DHCP_EXPIRED;
    if (event->kind == &DHCP_SENT || event->kind == &DHCP_RECEIVED) {
        link->last_why = ((const struct dhcp_event *)event->data)->why;
    }
    struct text text = {0}; /* every summary and every JSON line prints */
    trace_print_summary(&text, event);
    trace_print_json(&text, event);
    CHECK(text.len > 0);
    if (getenv("DHCP_TEST_PRINT")) {
        fprintf(stderr, "# %s\n", text_chars(&text));
    }
    text_fini(&text);
}

void test_link_init(struct test_link *link)
{
    *link = (struct test_link){.net = fake_net_new(7, DELAY), .sink = {.on_event = on_event}};
    fake_net_set_hook(link->net, on_datagram, link);
    trace_add_sink(fake_net_trace(link->net), &link->sink);
}

void test_link_fini(struct test_link *link)
{
    trace_remove_sink(fake_net_trace(link->net), &link->sink);
    fake_net_free(link->net);
}

uint64_t test_link_drops(struct test_link *link, const struct drop_reason *reason)
{
    size_t count;
    uint64_t packets = 0;
    struct drop_count *counts = trace_drop_counts(fake_net_trace(link->net), &count);
    for (size_t i = 0; i < count; i++) {
        packets += counts[i].reason == reason ? counts[i].packets : 0;
    }
    free(counts);
    return packets;
}

const struct seen *test_link_last(const struct test_link *link, size_t n)
{
    CHECK(n < link->n_seen);
    return &link->seen[link->n_seen - 1 - n];
}

void test_send(struct datagram_socket *socket, const struct dhcp_message *message, uint32_t to,
               uint16_t port, bool is_src_any)
{
    uint8_t bytes[DHCP_MAX_LEN];
    struct writer w = writer_of(bytes, sizeof bytes);
    dhcp_emit(&w, message);
    struct datagram_route route = {.is_src_any = is_src_any};
    enum status status = datagram_send(socket, (struct endpoint){ip_v4(to), port},
                                       (struct bytes){bytes, (size_t)(w.p - bytes)}, &route);
    CHECK(status == STATUS_OK);
}

uint32_t v4(const char *text)
{
    struct ip_addr addr;
    CHECK(ip_parse(text, &addr));
    return addr.v4;
}
