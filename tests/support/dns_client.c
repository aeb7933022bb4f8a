#include "support/dns_client.h"

#include "base/check.h"
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

struct dns_name test_name(const char *text)
{
    struct dns_name name;
    CHECK(dns_name_parse_text(text, &name));
    return name;
}

static void test_record_set_data(struct dns_record *record, const char *data, const char *second,
                                 const char *third)
{
    switch (record->type) {
    case DNS_A:
    case DNS_AAAA:
        CHECK(ip_parse(data, &record->rdata.addr));
        break;
    case DNS_TXT:
        CHECK(dns_record_set_text(record, data));
        break;
    case DNS_MX:
        record->rdata.mx.preference = (uint16_t)atoi(data);
        record->rdata.mx.exchange = test_name(second);
        break;
    case DNS_SOA:
        record->rdata.soa = (struct dns_soa){.mname = test_name(data),
                                             .rname = test_name(second),
                                             .serial = 1,
                                             .refresh_s = 7200,
                                             .retry_s = 900,
                                             .expire_s = 1209600,
                                             .minimum_s = (uint32_t)atoi(third)};
        break;
    default:
        record->rdata.name = test_name(data);
    }
}

struct dns_record test_record(const char *line)
{
    char name[256], type[16], data[3][256] = {"", "", ""};
    unsigned ttl_s;
    int fields = sscanf(line, "%255s %u %15s %255s %255s %255s", name, &ttl_s, type, data[0],
                        data[1], data[2]);
    CHECK(fields >= 4);
    struct dns_record record = {.name = test_name(name), .class = DNS_CLASS_IN, .ttl_s = ttl_s};
    CHECK(dns_type_parse(type, &record.type));
    test_record_set_data(&record, data[0], data[1], data[2]);
    return record;
}

struct dns_zone *test_zone(const char *origin, const char *lines)
{
    struct dns_name name = test_name(origin);
    struct dns_zone *zone = dns_zone_new(&name);
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");
        char *line = memory_copy_chars(lines, len);
        struct dns_record record = test_record(line);
        enum status status = dns_zone_add(zone, &record);
        CHECK(status == STATUS_OK);
        free(line);
        lines += len + (lines[len] == '\n');
    }
    return zone;
}

static void test_client_on_event(void *owner)
{
    struct test_client *client = owner;
    int64_t len;
    while ((len = datagram_receive(client->socket, client->wire, sizeof client->wire, NULL)) >= 0) {
        client->len = (size_t)len;
        client->responses++;
        client->answered_ns = fake_net_env(client->net)->now_ns;
    }
}

struct test_client *test_client_new(struct fake_net *net, struct sockets *host)
{
    struct test_client *client = memory_new(sizeof *client);
    client->net = net;
    enum status status = sockets_open_datagram(host, &(struct datagram_options){0},
                                               test_client_on_event, client, &client->socket);
    CHECK(status == STATUS_OK);
    return client;
}

void test_client_free(struct test_client *client)
{
    datagram_close(client->socket);
    text_fini(&client->text);
    free(client);
}

void test_client_send(struct test_client *client, const char *server, struct bytes bytes)
{
    struct endpoint to = {.port = DNS_PORT};
    CHECK(ip_parse(server, &to.addr));
    enum status status = datagram_send(client->socket, to, bytes, NULL);
    CHECK(status == STATUS_OK);
}

uint16_t test_client_ask(struct test_client *client, const char *server, const char *name,
                         const char *type, int flags)
{
    struct dns_message query = {.id = ++client->next_id,
                                .recursion_desired = flags & TEST_RD,
                                .has_edns = flags & TEST_EDNS,
                                .edns_udp_size = 1232,
                                .has_question = true};
    query.question.name = test_name(name);
    query.question.class = DNS_CLASS_IN;
    CHECK(dns_type_parse(type, &query.question.type));
    uint8_t wire[DNS_UDP_MAX];
    struct writer w = writer_of(wire, sizeof wire);
    (void)dns_emit(&w, &query);
    test_client_send(client, server, (struct bytes){wire, (size_t)(w.p - wire)});
    return query.id;
}

static void test_message_print(struct text *text, const struct dns_message *m)
{
    static const char *const prefix[] = {"an", "au", "ad"};
    text_print(text, "%s%s%s%s%s%s\n", dns_rcode_text(m->rcode), m->authoritative ? " aa" : "",
               m->truncated ? " tc" : "", m->recursion_desired ? " rd" : "",
               m->recursion_available ? " ra" : "", m->has_edns ? " edns" : "");
    for (enum dns_section section = 0; section < DNS_SECTIONS; section++) {
        size_t count;
        const struct dns_record *records = dns_section_records(m, section, &count);
        for (size_t i = 0; i < count; i++) {
            text_print(text, "%s ", prefix[section]);
            dns_record_print(text, &records[i]);
            text_print(text, "\n");
        }
    }
}

const char *test_client_show(struct test_client *client)
{
    text_clear(&client->text);
    if (client->len > 0) {
        struct dns_message message = {
            .records = memory_new_array(DNS_MAX_RECORDS, sizeof(struct dns_record))};
        struct reader r = reader_of(client->wire, client->len);
        if (!dns_parse(&r, &message)) {
            text_print(&client->text, "malformed\n");
        } else {
            test_message_print(&client->text, &message);
        }
        free(message.records);
    }
    client->len = 0;
    return text_chars(&client->text);
}

const char *test_client_try(struct test_client *client, const char *server, const char *name,
                            const char *type, uint64_t ms)
{
    test_client_ask(client, server, name, type, TEST_RD);
    fake_net_run_for(client->net, ms * 1000000);
    return test_client_show(client);
}

uint64_t test_drops(struct fake_net *net, const struct drop_reason *reason)
{
    size_t count;
    uint64_t packets = 0;
    struct drop_count *drops = trace_drop_counts(fake_net_trace(net), &count);
    for (size_t i = 0; i < count; i++) {
        packets += drops[i].reason == reason ? drops[i].packets : 0;
    }
    free(drops);
    return packets;
}
