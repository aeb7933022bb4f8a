/* Browser and web server over our own TCP/IP on a bad link: the page arrives whole, and the same
 * run twice is the same run. */
#include "service/browser.h"
#include "service/fake_files.h"
#include "service/web_server.h"
#include "socket/own.h"
#include "stack/two_hosts.h"

#include <stdlib.h>
#include <string.h>

enum { STYLE_LEN = 40000, IMAGES = 12 };

struct outcome {
    bool complete;
    size_t n_resources;
    uint64_t bytes, done_ns;
    char start[40];
    uint64_t hash;
};

static void on_page(void *owner, const struct page *page)
{
    struct outcome *outcome = owner;
    assert_int_equal(page->status, STATUS_OK);
    outcome->complete = page->complete;
    outcome->n_resources = page->n_resources;
    for (size_t i = 0; i < page->n_resources; i++) {
        const struct resource *resource = &page->resources[i];
        outcome->bytes += resource->body_len;
        outcome->done_ns =
            resource->done_ns > outcome->done_ns ? resource->done_ns : outcome->done_ns;
        assert_true(resource->done_ns >= resource->first_byte_ns);
        assert_true(resource->first_byte_ns > resource->sent_ns);
        assert_true(resource->sent_ns >= resource->queued_ns);
    }
    strncpy(outcome->start, page->text, sizeof outcome->start - 1);
}

static void make_files(struct fake_file *files, char *style, struct text *html)
{
    static const char *const NAMES[IMAGES] = {
        "site/0.png", "site/1.png", "site/2.png", "site/3.png", "site/4.png",  "site/5.png",
        "site/6.png", "site/7.png", "site/8.png", "site/9.png", "site/10.png", "site/11.png"};
    memset(style, ' ', STYLE_LEN);
    strcpy(style + STYLE_LEN - 40, "h1 { text-transform: uppercase }");
    text_print(html, "<link rel=stylesheet href=style.css><h1>Far away</h1>");
    for (int i = 0; i < IMAGES; i++) {
        text_print(html, "<img src=%d.png>", i);
        files[2 + i] = (struct fake_file){NAMES[i], style, STATUS_OK};
    }
    files[0] = (struct fake_file){"site/index.html", text_chars(html), STATUS_OK};
    files[1] = (struct fake_file){"site/style.css", style, STATUS_OK};
}

static struct outcome load(void)
{
    static const struct link_config BAD = {
        .rate_bps = 5000000, .delay_ns = 30 * MS, .loss_ppm = 20000, .queue_frames = 50};
    struct outcome outcome = {0};
    struct fake_file files[IMAGES + 3] = {0};
    char *style = calloc(1, STYLE_LEN + 1);
    struct text html = {0};
    make_files(files, style, &html);
    struct two_hosts *net = two_hosts_new(&BAD, NULL);
    fake_files_install(net->env, files);
    struct sockets *a = own_sockets_new(net->a);
    struct sockets *b = own_sockets_new(net->b);
    struct dns_stub *stub = dns_stub_new(a);
    struct browser *browser = browser_new(a, stub, NULL);
    struct web_server *server = NULL;
    struct web_server_config config = {.root = "site"};
    assert_int_equal(web_server_new(b, &config, &server), STATUS_OK);
    dns_stub_add_host(stub, "far.example", host_b(0).addr);
    assert_int_equal(browser_load(browser, "far.example", on_page, &outcome), STATUS_OK);
    two_hosts_run(net, 120 * SECOND);
    outcome.hash = run_hash_combine(outcome.hash, link_get_hash(net->link, 0));
    outcome.hash = run_hash_combine(outcome.hash, link_get_hash(net->link, 1));
    browser_free(browser);
    dns_stub_free(stub);
    web_server_free(server);
    two_hosts_run(net, 300 * SECOND);
    own_sockets_free(a);
    own_sockets_free(b);
    two_hosts_free(net);
    text_fini(&html);
    free(style);
    return outcome;
}

static void a_page_arrives_whole_over_a_bad_link(void **state)
{
    (void)state;
    struct outcome outcome = load();
    assert_true(outcome.complete);
    assert_int_equal(outcome.n_resources, IMAGES + 2);
    assert_true(outcome.bytes > IMAGES * (STYLE_LEN - 100));
    assert_memory_equal(outcome.start, "FAR AWAY\n========\n", 18);
}

static void the_same_run_twice_is_the_same(void **state)
{
    (void)state;
    struct outcome first = load();
    struct outcome second = load();
    assert_int_equal(first.hash, second.hash);
    assert_int_equal(first.done_ns, second.done_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_arrives_whole_over_a_bad_link),
        cmocka_unit_test(the_same_run_twice_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
