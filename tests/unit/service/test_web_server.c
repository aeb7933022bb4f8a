/* The web server over the fake network, asked in raw HTTP. */
#include "http/raw_client.h"
#include "service/fake_files.h"
#include "service/web_server.h"
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
#define COMMON "Date: Wed, 01 Jan 2025 00:00:00 GMT\r\nServer: shop\r\n"
#define ADDRESS "192.0.2.1"

static const struct fake_file FILES[] = {
    {"site/index.html", "<p>home", STATUS_OK},
    {"site/a b.css", "p {}", STATUS_OK},
    {"site/docs/index.html", "<p>docs", STATUS_OK},
    {"site/secret", NULL, STATUS_PERMISSION},
    {"site/broken", NULL, STATUS_IO},
    {"site/docs", NULL, STATUS_INVALID},
    {"/etc/passwd", "root", STATUS_OK},
    {NULL, NULL, STATUS_OK},
};

struct world {
    struct fake_net *net;
    struct sockets *server_host, *client_host;
    struct web_server *server;
    struct raw_client client;
};

static const char *ask(struct world *world, const char *root, const char *wire)
{
    struct web_server_config config = {.root = root, .server_name = "shop"};
    *world = (struct world){.net = fake_net_new(1, MS)};
    fake_files_install(fake_net_env(world->net), FILES);
    world->server_host = fake_host_new(world->net, "server", ADDRESS);
    world->client_host = fake_host_new(world->net, "client", "192.0.2.2");
    assert_int_equal(web_server_new(world->server_host, &config, &world->server), STATUS_OK);
    raw_client_open(&world->client, world->client_host, ADDRESS);
    raw_client_send(&world->client, wire, strlen(wire));
    fake_net_run_for(world->net, 5 * SECOND);
    return text_chars(&world->client.got);
}

static void end(struct world *world)
{
    raw_client_close(&world->client);
    web_server_free(world->server);
    fake_net_run_for(world->net, SECOND);
    fake_net_free(world->net);
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: shop\r\n\r\n"

static void assert_begins(const char *wire, const char *expected)
{
    struct world world;
    const char *got = ask(&world, "site", wire);
    if (strncmp(got, expected, strlen(expected)) != 0) {
        assert_string_equal(got, expected); /* shows both */
    }
    end(&world);
}

static void assert_whole(const char *wire, const char *expected)
{
    struct world world;
    assert_string_equal(ask(&world, "site", wire), expected);
    end(&world);
}

static void serves_files_with_type_and_tag(void **state)
{
    (void)state;
    assert_whole(GET("/"), "HTTP/1.1 200 OK\r\n" COMMON "ETag: \"31c5f91074cb0daf-7\"\r\n"
                           "Content-Type: text/html; charset=utf-8\r\nContent-Length: 7\r\n\r\n"
                           "<p>home");
    assert_whole(GET("/a%20b.css?v=2"),
                 "HTTP/1.1 200 OK\r\n" COMMON "ETag: \"17ef5d8825ac9a43-4\"\r\n"
                 "Content-Type: text/css; charset=utf-8\r\nContent-Length: 4\r\n\r\np {}");
}

static void answers_head_without_content(void **state)
{
    (void)state;
    assert_whole("HEAD / HTTP/1.1\r\nHost: shop\r\n\r\n",
                 "HTTP/1.1 200 OK\r\n" COMMON "ETag: \"31c5f91074cb0daf-7\"\r\n"
                 "Content-Type: text/html; charset=utf-8\r\nContent-Length: 7\r\n\r\n");
}

static void sends_the_client_to_the_folder(void **state)
{
    (void)state;
    assert_begins(GET("/docs?x=1"),
                  "HTTP/1.1 301 Moved Permanently\r\n" COMMON "Location: /docs/?x=1\r\n");
    assert_begins(GET("/docs/"), "HTTP/1.1 200 OK\r\n");
}

static void refuses_with_the_status_that_fits(void **state)
{
    (void)state;
    assert_begins(GET("/nothing"), "HTTP/1.1 404 Not Found\r\n");
    assert_begins(GET("/docs/none/"), "HTTP/1.1 404 Not Found\r\n");
    assert_begins(GET("/secret"), "HTTP/1.1 403 Forbidden\r\n");
    assert_begins(GET("/broken"), "HTTP/1.1 500 Internal Server Error\r\n");
    assert_begins(GET("/../etc/passwd"), "HTTP/1.1 400 Bad Request\r\n");
    assert_begins(GET("/%2e%2e/%2e%2e/etc/passwd"), "HTTP/1.1 400 Bad Request\r\n");
    assert_begins(GET("//etc/passwd"), "HTTP/1.1 404 Not Found\r\n");
    assert_begins("PUT / HTTP/1.1\r\nHost: shop\r\nContent-Length: 0\r\n\r\n",
                  "HTTP/1.1 405 Method Not Allowed\r\n" COMMON "Allow: GET, HEAD, OPTIONS\r\n");
    assert_begins(GET("/echo"),
                  "HTTP/1.1 405 Method Not Allowed\r\n" COMMON "Allow: POST, OPTIONS\r\n");
    assert_begins("BREW / HTTP/1.1\r\nHost: shop\r\n\r\n", "HTTP/1.1 501 Not Implemented\r\n");
    assert_begins("GET / HTTP/3.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n");
    assert_begins("OPTIONS * HTTP/1.1\r\nHost: shop\r\n\r\n",
                  "HTTP/1.1 204 No Content\r\n" COMMON "Allow: GET, HEAD, OPTIONS\r\n\r\n");
}

static void shows_the_target_of_an_error_harmlessly(void **state)
{
    (void)state;
    struct world world;
    const char *got = ask(&world, "site", GET("/<script>&\"'"));
    assert_non_null(strstr(got, "<p>/&lt;script&gt;&amp;&quot;&#39;</p>"));
    assert_null(strstr(got, "<script>"));
    end(&world);
}

#define IF_NONE_MATCH(value) "GET / HTTP/1.1\r\nHost: shop\r\nIf-None-Match: " value "\r\n\r\n"
#define NOT_MODIFIED "HTTP/1.1 304 Not Modified\r\n" COMMON "ETag: \"31c5f91074cb0daf-7\"\r\n\r\n"

static void sends_nothing_that_the_client_has(void **state)
{
    (void)state;
    assert_whole(IF_NONE_MATCH("\"31c5f91074cb0daf-7\""), NOT_MODIFIED);
    assert_whole(IF_NONE_MATCH("\"x,y\", W/\"31c5f91074cb0daf-7\""), NOT_MODIFIED);
    assert_whole(IF_NONE_MATCH("*"), NOT_MODIFIED);
    assert_begins(IF_NONE_MATCH("\"other\""), "HTTP/1.1 200 OK\r\n");
    assert_begins(IF_NONE_MATCH("31c5f91074cb0daf-7"), "HTTP/1.1 200 OK\r\n");
}

static void echoes_what_is_posted(void **state)
{
    (void)state;
    assert_whole("POST /echo?x HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: application/json\r\n"
                 "Content-Length: 2\r\n\r\n{}");
    assert_whole("POST /echo HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\n"
                 "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b",
                 "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: text/plain; charset=utf-8\r\n"
                 "Content-Length: 3\r\n\r\na=b");
    assert_begins("POST /echo HTTP/1.1\r\nHost: shop\r\nContent-Length: 1048577\r\n\r\n",
                  "HTTP/1.1 413 Content Too Large\r\n");
}

static void forgets_an_echo_whose_client_went_away(void **state)
{
    (void)state;
    struct world world;
    const char *got =
        ask(&world, "site", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    assert_string_equal(got, "");
    end(&world); /* the leak checker is the judge */
}

static void shows_its_name_when_it_has_no_files(void **state)
{
    (void)state;
    struct world world;
    const char *got = ask(&world, NULL, GET("/"));
    assert_non_null(strstr(got, "Content-Type: text/html"));
    assert_non_null(strstr(got, "<h1>shop</h1>"));
    end(&world);
    got = ask(&world, NULL, GET("/style.css"));
    assert_non_null(strstr(got, "Content-Type: text/css"));
    end(&world);
    got = ask(&world, NULL, GET("/other"));
    assert_non_null(strstr(got, "404 Not Found"));
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_files_with_type_and_tag),
        cmocka_unit_test(answers_head_without_content),
        cmocka_unit_test(sends_the_client_to_the_folder),
        cmocka_unit_test(refuses_with_the_status_that_fits),
        cmocka_unit_test(shows_the_target_of_an_error_harmlessly),
        cmocka_unit_test(sends_nothing_that_the_client_has),
        cmocka_unit_test(echoes_what_is_posted),
        cmocka_unit_test(forgets_an_echo_whose_client_went_away),
        cmocka_unit_test(shows_its_name_when_it_has_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
