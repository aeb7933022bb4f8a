/* A request goes through: method (405, 501), target to file name (400, 404), the file (or the
 * built-in pages when there is no folder), and what the client has already (304). */
#include "service/web_server.h"

#include "base/hash.h"
#include "base/list.h"
#include "base/memory.h"
#include "http/byte_queue.h"
#include "http/mime.h"
#include "http/server.h"
#include "service/web_page.h"
#include "service/web_path.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 64 << 20, ECHO_MAX = 1 << 20, ETAG_SIZE = 40 };

static const char ALLOWED[] = "GET, HEAD, OPTIONS";
static const char ALLOWED_ECHO[] = "POST, OPTIONS";

struct web_server {
    struct sockets *sockets;
    struct http_server *http;
    const char *root;
    const char *name;
    struct list echoes;
};

/* A POST to /echo whose content is still coming. */
struct echo {
    struct list link;
    struct http_exchange *exchange;
    struct byte_queue body;
};

static const char *target_of(const struct http_exchange *exchange)
{
    return http_message_target(http_exchange_request(exchange));
}

static bool has_method(const struct http_exchange *exchange, const char *method)
{
    return http_message_has_method(http_exchange_request(exchange), method);
}

static void respond_error(const struct web_server *server, struct http_exchange *exchange,
                          uint16_t status)
{
    struct text page = {0};
    web_page_print_error(&page, status, target_of(exchange), server->name);
    http_message_add(http_exchange_response(exchange), "Content-Type", "text/html; charset=utf-8");
    http_exchange_respond(exchange, status, (struct bytes){(const uint8_t *)page.chars, page.len});
    text_fini(&page);
}

/* --- files --- */

/* RFC 9110 8.8.3: the same bytes have the same tag, on every server and after every restart. */
static void print_etag(char *etag, struct bytes content)
{
    snprintf(etag, ETAG_SIZE, "\"%016" PRIx64 "-%zx\"", hash_bytes(content.p, content.len, 0),
             content.len);
}

/* RFC 9110 13.1.2, with the weak comparison of 8.8.3.2. */
static bool client_has(const struct http_exchange *exchange, const char *etag)
{
    const char *list = http_message_get(http_exchange_request(exchange), "If-None-Match");
    const char *member;
    size_t len;
    while (list && (list = http_list_next(list, &member, &len))) {
        if (len > 2 && member[0] == 'W' && member[1] == '/') {
            member += 2;
            len -= 2;
        }
        if ((len == 1 && *member == '*') ||
            (len == strlen(etag) && memcmp(member, etag, len) == 0)) {
            return true;
        }
    }
    return false;
}

static void respond_content(struct http_exchange *exchange, const char *type, struct bytes content)
{
    struct http_message *response = http_exchange_response(exchange);
    char etag[ETAG_SIZE];
    print_etag(etag, content);
    http_message_add(response, "ETag", etag);
    if (client_has(exchange, etag)) {
        http_exchange_respond(exchange, 304, (struct bytes){0});
        return;
    }
    http_message_add(response, "Content-Type", type);
    http_exchange_respond(exchange, 200, content);
}

static enum status read_below_root(const struct web_server *server, const char *path,
                                   const char *suffix, struct file_content *content)
{
    struct env *env = server->sockets->scope->env;
    struct text whole = {0};
    text_print(&whole, "%s/%s%s", server->root, path, suffix);
    enum status status = env->ops->read_file(env, text_chars(&whole), FILE_MAX, content);
    text_fini(&whole);
    return status;
}

/* A folder that was asked for without its slash: relative links in it would lead astray. */
static bool redirect_to_folder(const struct web_server *server, struct http_exchange *exchange,
                               const char *path)
{
    struct file_content content;
    if (read_below_root(server, path, "/index.html", &content) != STATUS_OK) {
        return false;
    }
    free(content.chars);
    const char *target = target_of(exchange);
    size_t len = strcspn(target, "?");
    http_message_print(http_exchange_response(exchange), "Location", "%.*s/%s", (int)len, target,
                       target + len);
    respond_error(server, exchange, 301);
    return true;
}

static void serve_file(const struct web_server *server, struct http_exchange *exchange,
                       const char *path, bool is_folder)
{
    struct file_content content;
    enum status status = read_below_root(server, path, "", &content);
    if (status == STATUS_OK) {
        respond_content(exchange, http_mime_of_path(path),
                        (struct bytes){(const uint8_t *)content.chars, content.len});
        free(content.chars);
    } else if (status == STATUS_PERMISSION) {
        respond_error(server, exchange, 403);
    } else if (status == STATUS_LIMIT || status == STATUS_IO) {
        respond_error(server, exchange, 500);
    } else if (is_folder || !redirect_to_folder(server, exchange, path)) {
        respond_error(server, exchange, 404);
    }
}

/* Without a folder there are two files. */
static void serve_built_in(const struct web_server *server, struct http_exchange *exchange,
                           const char *path)
{
    struct text page = {0};
    if (strcmp(path, "index.html") == 0) {
        web_page_print_welcome(&page, server->name);
    } else if (strcmp(path, "style.css") == 0) {
        web_page_print_style(&page);
    } else {
        respond_error(server, exchange, 404);
        return;
    }
    respond_content(exchange, http_mime_of_path(path),
                    (struct bytes){(const uint8_t *)page.chars, page.len});
    text_fini(&page);
}

static void serve_target(const struct web_server *server, struct http_exchange *exchange)
{
    struct text path = {0};
    bool is_folder;
    uint16_t refusal = web_path_resolve(target_of(exchange), &path, &is_folder);
    if (refusal != 0) {
        respond_error(server, exchange, refusal);
    } else if (server->root) {
        serve_file(server, exchange, text_chars(&path), is_folder);
    } else {
        serve_built_in(server, exchange, text_chars(&path));
    }
    text_fini(&path);
}

/* --- echo --- */

static void echo_free(struct echo *echo)
{
    list_remove(&echo->link);
    byte_queue_fini(&echo->body);
    free(echo);
}

static void echo_on_gone(void *owner)
{
    echo_free(owner);
}

/* As it came; but a form's content, which browsers would save instead of showing it, as text. */
static void echo_respond(struct echo *echo)
{
    const struct http_message *request = http_exchange_request(echo->exchange);
    const char *type = http_message_get(request, "Content-Type");
    bool is_form = type && strncmp(type, "application/x-www-form-urlencoded", 33) == 0;
    http_message_add(http_exchange_response(echo->exchange), "Content-Type",
                     !type     ? "application/octet-stream"
                     : is_form ? "text/plain; charset=utf-8"
                               : type);
    http_exchange_respond(echo->exchange, 200, byte_queue_front(&echo->body));
}

static void echo_on_event(void *owner)
{
    struct echo *echo = owner;
    uint8_t buffer[4096];
    int64_t got;
    while ((got = http_exchange_read_body(echo->exchange, buffer, sizeof buffer)) > 0) {
        byte_queue_add(&echo->body, buffer, (size_t)got);
    }
    if (got == -(int64_t)STATUS_AGAIN) {
        return;
    }
    if (got == 0) {
        echo_respond(echo);
    }
    echo_free(echo);
}

static void serve_echo(struct web_server *server, struct http_exchange *exchange)
{
    struct echo *echo = memory_new(sizeof *echo);
    echo->exchange = exchange;
    list_init(&echo->link);
    list_add_last(&echo->link, &server->echoes);
    http_exchange_set_owner(exchange, echo_on_event, echo_on_gone, echo);
    echo_on_event(echo);
}

/* --- methods --- */

/* RFC 9110 9.1: 405 for a method that is known and not allowed here, 501 for an unknown one. */
static uint16_t refusal_of_method(const struct http_exchange *exchange)
{
    static const char *const KNOWN[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        if (has_method(exchange, KNOWN[i])) {
            return 405;
        }
    }
    return 501;
}

static bool is_echo(const char *target)
{
    return strcspn(target, "?") == 5 && memcmp(target, "/echo", 5) == 0;
}

static void on_request(void *owner, struct http_exchange *exchange)
{
    struct web_server *server = owner;
    bool to_echo = is_echo(target_of(exchange));
    const char *allowed = to_echo ? ALLOWED_ECHO : ALLOWED;
    if (to_echo && has_method(exchange, "POST")) {
        serve_echo(server, exchange);
    } else if (!to_echo && (has_method(exchange, "GET") || has_method(exchange, "HEAD"))) {
        serve_target(server, exchange);
    } else if (has_method(exchange, "OPTIONS")) {
        http_message_add(http_exchange_response(exchange), "Allow", allowed);
        http_exchange_respond(exchange, 204, (struct bytes){0});
    } else {
        uint16_t status = refusal_of_method(exchange);
        if (status == 405) {
            http_message_add(http_exchange_response(exchange), "Allow", allowed); /* 15.5.6 */
        }
        respond_error(server, exchange, status);
    }
}

enum status web_server_new(struct sockets *sockets, const struct web_server_config *config,
                           struct web_server **out)
{
    struct web_server *server = memory_new(sizeof *server);
    bool has_name = config->server_name && config->server_name[0];
    server->sockets = sockets;
    server->root = config->root;
    server->name = has_name ? config->server_name : "Orrery/" ORRERY_VERSION;
    list_init(&server->echoes);
    struct http_server_config http = {
        .local = {.port = config->port},
        .server_name = server->name,
        .limits = {.body_max = ECHO_MAX},
    };
    enum status status = http_server_new(sockets, &http, on_request, server, &server->http);
    if (status != STATUS_OK) {
        free(server);
        return status;
    }
    *out = server;
    return STATUS_OK;
}

void web_server_free(struct web_server *server)
{
    if (!server) {
        return;
    }
    http_server_free(server->http); /* ends the echoes too */
    free(server);
}
