#include "stack/tcp_app.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void fill_bytes(uint8_t *to, size_t len, uint64_t seed)
{
    struct prng prng;
    prng_init(&prng, seed, "test", "bytes");
    prng_fill(&prng, to, len);
}

void tcp_app_read(struct tcp_app *app)
{
    for (;;) {
        if (app->in_len + 65536 > app->in_capacity) {
            app->in_capacity = app->in_capacity * 2 + 65536;
            app->in = memory_resize(app->in, app->in_capacity);
        }
        int64_t len = tcp_receive(app->conn, app->in + app->in_len, 65536);
        if (len <= 0) {
            app->has_end = app->has_end || len == 0;
            app->error = len < 0 && len != -STATUS_AGAIN ? (enum status) - len : app->error;
            return;
        }
        app->in_len += (size_t)len;
        app->last_ns = scope_now(app->scope);
    }
}

static void write_on(struct tcp_app *app)
{
    while (app->out_done < app->out_len) {
        int64_t len = tcp_send(app->conn, app->out + app->out_done, app->out_len - app->out_done);
        if (len < 0) {
            return;
        }
        app->out_done += (size_t)len;
    }
    if (app->shuts_down) {
        tcp_shutdown(app->conn);
        app->shuts_down = false;
    }
}

static void on_event(void *owner)
{
    struct tcp_app *app = owner;
    app->events++;
    if (app->connected_ns == 0 && tcp_is_connected(app->conn)) {
        app->connected_ns = scope_now(app->scope);
    }
    app->error = tcp_error(app->conn);
    if (!app->is_lazy) {
        tcp_app_read(app);
    }
    write_on(app);
}

static void on_listener_event(void *owner)
{
    struct tcp_app *app = owner;
    if (!app->conn) {
        app->conn = tcp_accept(app->listener);
        assert_non_null(app->conn);
        tcp_set_on_event(app->conn, on_event, app);
        on_event(app);
    }
}

void tcp_app_connect(struct tcp_app *app, struct node *node, struct endpoint local,
                     struct endpoint remote)
{
    app->scope = &node->scope;
    assert_int_equal(tcp_connect(node->tcp, local, remote, on_event, app, &app->conn), STATUS_OK);
}

void tcp_app_listen(struct tcp_app *app, struct node *node, uint32_t port)
{
    app->scope = &node->scope;
    assert_int_equal(tcp_listen(node->tcp, (struct endpoint){.port = port}, 0, on_listener_event,
                                app, &app->listener),
                     STATUS_OK);
}

void tcp_app_send(struct tcp_app *app, const void *bytes, size_t len)
{
    app->out = bytes;
    app->out_len = len;
    app->out_done = 0;
    write_on(app);
}

void tcp_app_close(struct tcp_app *app)
{
    if (app->conn) {
        tcp_close(app->conn);
        app->conn = NULL;
    }
    if (app->listener) {
        tcp_listener_close(app->listener);
        app->listener = NULL;
    }
    free(app->in);
    app->in = NULL;
    app->in_len = 0;
    app->in_capacity = 0;
}

void tcp_pair_start(struct tcp_pair *pair, const struct link_config *link,
                    const struct tcp_config *tcp)
{
    memset(pair, 0, sizeof *pair);
    pair->net = two_hosts_new(link, tcp);
    tcp_app_listen(&pair->server, pair->net->b, 80);
    tcp_app_connect(&pair->client, pair->net->a, (struct endpoint){0}, host_b(80));
}

void tcp_pair_end(struct tcp_pair *pair)
{
    tcp_app_close(&pair->client);
    tcp_app_close(&pair->server);
    two_hosts_free(pair->net);
}
