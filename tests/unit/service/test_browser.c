/* The browser with our web server at the other end, over the fake network. */
#include "base/list.h"
#include "base/memory.h"
#include "dns/server.h"
#include "http/http_trace.h"
#include "http/server.h"
#include "service/browser.h"
#include "service/fake_files.h"
#include "service/web_server.h"
#include "support/dns_client.h"
#include "support/fake_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)

/* What was reported, copied. */
struct report {
    unsigned count;
    enum status status;
    char *error, *title, *text;
    bool complete;
    struct resource *resources;
    size_t n_resources;
    struct browser *to_free; /* within the callback */
};

struct world {
    struct fake_net *net;
    struct sockets *pc, *shop, *cdn;
    struct web_server *server;
    struct http_server *odd_server;
    struct dns_stub *stub;
    struct browser *browser;
    struct trace_sink sink;
    struct text trace;
    struct report report;
};

static char *copy_or_null(const char *text)
{
    return text ? memory_copy_text(text) : NULL;
}

static void on_page(void *owner, const struct page *page)
{
    struct report *report = owner;
    report->count++;
    report->status = page->status;
    report->error = copy_or_null(page->error);
    report->title = copy_or_null(page->title);
    report->text = memory_copy_text(page->text);
    report->complete = page->complete;
    report->n_resources = page->n_resources;
    report->resources = memory_copy(page->resources, page->n_resources * sizeof *page->resources);
    for (size_t i = 0; i < page->n_resources; i++) {
        report->resources[i].url = memory_copy_text(page->resources[i].url);
        report->resources[i].content_type = copy_or_null(page->resources[i].content_type);
    }
    browser_free(report->to_free);
}

static void report_fini(struct report *report)
{
    for (size_t i = 0; i < report->n_resources; i++) {
        free(report->resources[i].url);
        free(report->resources[i].content_type);
    }
    free(report->resources);
    free(report->error);
    free(report->title);
    free(report->text);
    *report = (struct report){0};
}

static void on_trace(struct trace_sink *sink, const struct trace_event *event)
{
    struct world *world = container_of(sink, struct world, sink);
    if (strncmp(event->kind->name, "browser.", 8) == 0) {
        trace_print_summary(&world->trace, event);
        text_print(&world->trace, "\n");
    }
}

/* Redirects, other types, and an answer that never ends. */
static void serve_odd(void *owner, struct http_exchange *exchange)
{
    const char *target = http_message_target(http_exchange_request(exchange));
    struct http_message *response = http_exchange_response(exchange);
    (void)owner;
    if (strcmp(target, "/loop") == 0) {
        http_message_add(response, "Location", "/loop");
        http_exchange_respond(exchange, 302, (struct bytes){0});
    } else if (strcmp(target, "/moved") == 0) {
        http_message_add(response, "Location", "//shop.example/#part");
        http_exchange_respond(exchange, 301, (struct bytes){0});
    } else if (strcmp(target, "/away") == 0) {
        http_message_add(response, "Location", "https://shop.example/");
        http_exchange_respond(exchange, 301, (struct bytes){0});
    } else if (strcmp(target, "/text") == 0) {
        http_message_add(response, "Content-Type", "text/plain");
        http_exchange_respond(exchange, 200, bytes_of_text("<b>as  it is</b>\nline 2"));
    } else if (strcmp(target, "/pdf") == 0) {
        http_message_add(response, "Content-Type", "application/pdf");
        http_exchange_respond(exchange, 200, bytes_of_text("%PDF"));
    } else if (strcmp(target, "/hang") != 0) {
        http_exchange_respond(exchange, 200, bytes_of_text("<p>odd</p>"));
    }
}

static const struct fake_file FILES[] = {
    {"site/index.html",
     "<!DOCTYPE html><html><head><title> The\n Shop </title>"
     "<link rel=stylesheet href=style.css><script src='/app.js'></script></head>"
     "<body><h1>Shop</h1><p class=secret>hidden</p><p>Tea <img src=img/tea.png alt=tea> "
     "<img src=img/tea.png alt='tea again'><img src=none.png alt=none> "
     "<a href='buy?x=1'>buy</a></p></body></html>",
     STATUS_OK},
    {"site/style.css", ".secret { display: none } h1 { text-transform: uppercase }", STATUS_OK},
    {"site/app.js", "alert(1)", STATUS_OK},
    {"site/img/tea.png", "PNG!", STATUS_OK},
    {"site/whole.html", "<p>whole</p><img src=img/tea.png alt=t>", STATUS_OK},
    {"site/far.html",
     "<base href='http://cdn.example/x/'><link rel=stylesheet href='http://nowhere.example/s.css'>"
     "<img src=pic><a href=y>link</a><script src=https://shop.example/s.js></script>"
     "<img src='data:image/png;base64,AA' alt=inline>",
     STATUS_OK},
    {"site/wrong.html", "<link rel=stylesheet href=style.txt><p class=secret>shown</p>", STATUS_OK},
    {"site/style.txt", ".secret { display: none }", STATUS_OK},
    {"site/many.html",
     "<img src=1.png><img src=2.png><img src=3.png><img src=4.png><img src=5.png><img src=6.png>"
     "<img src=7.png><img src=8.png><img src=9.png><img src=10.png>",
     STATUS_OK},
    {NULL, NULL, STATUS_OK},
};

static void world_start(struct world *world)
{
    struct web_server_config config = {.root = "site", .server_name = "shop"};
    struct http_server_config odd = {0};
    *world = (struct world){.net = fake_net_new(1, 10 * MS), .sink = {.on_event = on_trace}};
    fake_files_install(fake_net_env(world->net), FILES);
    world->pc = fake_host_new(world->net, "pc", "192.0.2.1");
    world->shop = fake_host_new(world->net, "shop", "192.0.2.2");
    world->cdn = fake_host_new(world->net, "cdn", "192.0.2.3");
    trace_add_sink(fake_net_trace(world->net), &world->sink);
    assert_int_equal(web_server_new(world->shop, &config, &world->server), STATUS_OK);
    assert_int_equal(http_server_new(world->cdn, &odd, serve_odd, world, &world->odd_server),
                     STATUS_OK);
    world->stub = dns_stub_new(world->pc);
    dns_stub_add_host(world->stub, "shop.example", fake_host_address(world->shop));
    dns_stub_add_host(world->stub, "cdn.example", fake_host_address(world->cdn));
    world->browser = browser_new(world->pc, world->stub, NULL);
}

static void world_end(struct world *world)
{
    browser_free(world->browser);
    dns_stub_free(world->stub);
    web_server_free(world->server);
    http_server_free(world->odd_server);
    fake_net_run_for(world->net, SECOND);
    trace_remove_sink(fake_net_trace(world->net), &world->sink);
    text_fini(&world->trace);
    report_fini(&world->report);
    fake_net_free(world->net);
}

static const struct report *load(struct world *world, const char *url)
{
    report_fini(&world->report);
    text_clear(&world->trace);
    assert_int_equal(browser_load(world->browser, url, on_page, &world->report), STATUS_OK);
    assert_int_equal(world->report.count, 0);
    fake_net_run_for(world->net, 30 * SECOND);
    return &world->report;
}

static void loads_a_page_with_all_that_belongs_to_it(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    const struct report *report = load(&world, "shop.example");
    assert_int_equal(report->count, 1);
    assert_int_equal(report->status, STATUS_OK);
    assert_null(report->error);
    assert_string_equal(report->title, "The Shop");
    assert_string_equal(report->text,
                        "SHOP\n====\n\nTea [image: tea (image/png, 4 bytes)] [image: tea again "
                        "(image/png, 4\nbytes)][image: none (missing)] buy[1]\n\nLinks:\n"
                        "[1] http://shop.example/buy?x=1\n");
    assert_false(report->complete); /* one image is missing */
    static const struct {
        enum resource_kind kind;
        const char *url, *type;
        uint16_t status;
    } EXPECTED[] = {
        {RESOURCE_DOCUMENT, "http://shop.example/", "text/html; charset=utf-8", 200},
        {RESOURCE_STYLESHEET, "http://shop.example/style.css", "text/css; charset=utf-8", 200},
        {RESOURCE_SCRIPT, "http://shop.example/app.js", "text/javascript; charset=utf-8", 200},
        {RESOURCE_IMAGE, "http://shop.example/img/tea.png", "image/png", 200},
        {RESOURCE_IMAGE, "http://shop.example/none.png", "text/html; charset=utf-8", 404},
    };
    assert_int_equal(report->n_resources, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(report->resources[i].kind, EXPECTED[i].kind);
        assert_string_equal(report->resources[i].url, EXPECTED[i].url);
        assert_string_equal(report->resources[i].content_type, EXPECTED[i].type);
        assert_int_equal(report->resources[i].http_status, EXPECTED[i].status);
        assert_int_equal(report->resources[i].status, STATUS_OK);
    }
    world_end(&world);
}

static void measures_every_step(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    const struct report *report = load(&world, "http://shop.example/whole.html");
    assert_true(report->complete);
    const struct resource *document = &report->resources[0];
    assert_int_equal(document->queued_ns, 0);
    assert_int_equal(document->dns_started_ns, 0);
    assert_int_equal(document->connect_started_ns, document->dns_done_ns);
    assert_int_equal(document->connected_ns, 20 * MS);
    assert_int_equal(document->sent_ns, 20 * MS);
    assert_int_equal(document->first_byte_ns, 40 * MS);
    assert_int_equal(document->done_ns, 40 * MS);
    assert_false(document->reused);
    assert_int_equal(document->remote.port, 80);
    const struct resource *image = &report->resources[1];
    assert_true(image->reused);
    assert_int_equal(image->queued_ns, 40 * MS);
    assert_int_equal(image->connected_ns, 0);
    assert_int_equal(image->done_ns, 60 * MS);
    assert_int_equal(image->body_len, 4);
    assert_true(endpoint_equal(image->local, document->local));
    world_end(&world);
}

static void uses_six_connections_per_origin(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    const struct report *report = load(&world, "http://shop.example/many.html");
    unsigned fresh = 0;
    assert_int_equal(report->n_resources, 11);
    for (size_t i = 0; i < report->n_resources; i++) {
        fresh += !report->resources[i].reused;
    }
    assert_int_equal(fresh, 6);
    browser_close_connections(world.browser);
    report = load(&world, "http://shop.example/whole.html");
    assert_false(report->resources[0].reused);
    world_end(&world);
}

static void tells_the_trace(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    load(&world, "HTTP://shop.example/whole.html");
    assert_string_equal(
        text_chars(&world.trace),
        "http://shop.example/whole.html is http to shop.example port 80, path /whole.html\n"
        "image http://shop.example/img/tea.png, found in http://shop.example/whole.html\n"
        "http://shop.example/whole.html is complete: 2 resources, 43 bytes in 60 ms\n");
    world_end(&world);
}

static void follows_base_and_other_origins(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    const struct report *report = load(&world, "http://shop.example/far.html");
    assert_int_equal(report->n_resources, 4);
    assert_int_equal(report->resources[1].kind, RESOURCE_STYLESHEET);
    assert_int_not_equal(report->resources[1].status, STATUS_OK); /* no such host */
    assert_string_equal(report->resources[2].url, "http://cdn.example/x/pic");
    assert_int_equal(report->resources[2].http_status, 200);
    assert_int_equal(report->resources[3].status, STATUS_UNSUPPORTED); /* https */
    assert_non_null(strstr(report->text, "[1] http://cdn.example/x/y"));
    assert_non_null(strstr(report->text, "[image: inline (in the page)]"));
    world_end(&world);
}

static void follows_redirects(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    const struct report *report = load(&world, "http://cdn.example/moved");
    assert_int_equal(report->status, STATUS_OK);
    assert_string_equal(report->resources[0].url, "http://shop.example/#part");
    assert_string_equal(report->title, "The Shop");
    report = load(&world, "http://cdn.example/loop");
    assert_int_equal(report->status, STATUS_LIMIT);
    assert_string_equal(report->error, "too many redirects, the last to: /loop");
    report = load(&world, "http://cdn.example/away");
    assert_int_equal(report->status, STATUS_UNSUPPORTED);
    world_end(&world);
}

static void shows_documents_of_other_types(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    const struct report *report = load(&world, "http://cdn.example/text");
    assert_string_equal(report->text, "<b>as  it is</b>\nline 2\n");
    report = load(&world, "http://cdn.example/pdf");
    assert_string_equal(report->text, "[application/pdf, 4 bytes]\n");
    report = load(&world, "http://cdn.example/untyped");
    assert_string_equal(report->text, "odd\n");
    world_end(&world);
}

static void honours_no_stylesheet_of_another_type(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    assert_string_equal(load(&world, "http://shop.example/wrong.html")->text, "shown\n");
    world_end(&world);
}

/* The whole way: a name server, its answer's time to live, one lookup for many resources. */
static void asks_the_name_server_once_while_the_answer_lives(void **state)
{
    (void)state;
    struct world world;
    struct dns_authority *authority = NULL;
    struct ip_addr server;
    world_start(&world);
    struct sockets *ns = fake_host_new(world.net, "ns", "192.0.2.53");
    struct dns_zone *zone = test_zone("real.example", "real.example 3600 SOA ns.real.example "
                                                      "admin.real.example 60\n"
                                                      "real.example 100 A 192.0.2.2\n");
    assert_int_equal(dns_authority_new(ns, &authority), STATUS_OK);
    assert_int_equal(dns_authority_add_zone(authority, zone), STATUS_OK);
    server = fake_host_address(ns);
    dns_stub_set_servers(world.stub, &server, 1);
    const struct report *report = load(&world, "http://real.example/many.html");
    assert_int_equal(report->status, STATUS_OK);
    assert_int_equal(report->resources[0].dns_done_ns - report->resources[0].dns_started_ns,
                     20 * MS);
    assert_int_equal(report->resources[1].dns_done_ns, 0);
    assert_int_equal(fake_net_datagrams_sent(world.net), 2);
    report = load(&world, "http://real.example/"); /* 30 s later */
    assert_int_equal(report->resources[0].dns_done_ns, 0);
    assert_int_equal(fake_net_datagrams_sent(world.net), 2);
    fake_net_run_for(world.net, 50 * SECOND);
    report = load(&world, "http://real.example/"); /* 110 s later */
    assert_true(report->resources[0].dns_done_ns > 0);
    assert_int_equal(fake_net_datagrams_sent(world.net), 4);
    report = load(&world, "http://none.real.example/");
    assert_int_equal(report->status, STATUS_NOT_FOUND);
    assert_string_equal(report->error, "no such name: none.real.example");
    dns_authority_free(authority);
    world_end(&world);
}

static void says_what_went_wrong(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    const struct report *report = load(&world, "http://shop.exmple/");
    assert_int_not_equal(report->status, STATUS_OK);
    assert_non_null(strstr(report->error, "shop.exmple"));
    assert_string_equal(report->text, "");
    assert_int_equal(report->n_resources, 1);
    report = load(&world, "http://shop.example:81/");
    assert_int_equal(report->status, STATUS_REFUSED);
    assert_string_equal(report->error, "the server refused the connection: shop.example:81");
    report = load(&world, "http://192.0.2.2/nothing");
    assert_int_equal(report->status, STATUS_OK);
    assert_int_equal(report->resources[0].http_status, 404);
    assert_false(report->complete);
    assert_int_equal(report->resources[0].dns_started_ns, 0);
    assert_int_equal(browser_load(world.browser, "ftp://x/", on_page, NULL), STATUS_INVALID);
    world_end(&world);
}

static void count_page(void *owner, const struct page *page)
{
    unsigned *count = owner;
    (*count)++;
    assert_non_null(page->text);
}

static void may_be_freed_at_any_time(void **state)
{
    (void)state;
    unsigned count = 0;
    for (uint64_t ms = 0; ms < 150; ms += 5) {
        static const char *const URLS[] = {"http://shop.example/", "http://cdn.example/hang",
                                           "http://cdn.example/moved", "http://no.example/"};
        struct world world;
        world_start(&world);
        for (size_t i = 0; i < sizeof URLS / sizeof URLS[0]; i++) {
            assert_int_equal(browser_load(world.browser, URLS[i], count_page, &count), STATUS_OK);
        }
        count = 0;
        fake_net_run_for(world.net, ms * MS + 1);
        world_end(&world);
    }
    assert_int_equal(count, 3); /* all but the one that hangs, in the last round */
}

static void may_be_freed_by_whom_it_calls(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    world.report.to_free = world.browser;
    assert_int_equal(browser_load(world.browser, "http://shop.example/", on_page, &world.report),
                     STATUS_OK);
    fake_net_run_for(world.net, SECOND);
    assert_int_equal(world.report.count, 1);
    world.browser = NULL;
    world_end(&world);
}

static void works_with_any_split_of_the_bytes(void **state)
{
    (void)state;
    struct world world;
    world_start(&world);
    fake_net_set_stream_limits(world.net, (struct fake_stream_limits){7, 5, 100});
    const struct report *report = load(&world, "http://shop.example/");
    assert_int_equal(report->count, 1);
    assert_int_equal(report->n_resources, 5);
    assert_memory_equal(report->text, "SHOP\n====\n", 10);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_a_page_with_all_that_belongs_to_it),
        cmocka_unit_test(measures_every_step),
        cmocka_unit_test(uses_six_connections_per_origin),
        cmocka_unit_test(tells_the_trace),
        cmocka_unit_test(follows_base_and_other_origins),
        cmocka_unit_test(follows_redirects),
        cmocka_unit_test(shows_documents_of_other_types),
        cmocka_unit_test(honours_no_stylesheet_of_another_type),
        cmocka_unit_test(asks_the_name_server_once_while_the_answer_lives),
        cmocka_unit_test(says_what_went_wrong),
        cmocka_unit_test(may_be_freed_at_any_time),
        cmocka_unit_test(may_be_freed_by_whom_it_calls),
        cmocka_unit_test(works_with_any_split_of_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
