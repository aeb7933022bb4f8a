/* TCP's promise under everything a network can do to it: whatever is lost, doubled, reordered,
 * delayed or corrupted, whatever the sizes of buffers, reads and writes, each side reads exactly
 * what the other wrote, then its end. Every seed is another storm; a seed that fails stays here.
 */
#include "stack/tcp_app.h"

#include "base/list.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { STORMS = 200, MAX_BYTES = 120000 };

struct weather {
    uint64_t drop, twice, late, corrupt; /* one in so many frames; 0: never */
    uint64_t most_late_ns;
};

/* --- the mangler: stands between a host's interface and its link --- */

struct mangler {
    struct scope *scope;
    struct netif *netif;
    void (*transmit)(void *owner, struct packet *frame);
    void *owner;
    struct prng prng;
    struct weather weather;
    struct list delayed;
};

struct delayed_frame {
    struct list link;
    struct event event;
    struct mangler *mangler;
    struct packet *frame;
};

static bool happens(struct mangler *mangler, uint64_t one_in)
{
    return one_in > 0 && prng_below(&mangler->prng, one_in) == 0;
}

static void release(void *owner)
{
    struct delayed_frame *delayed = owner;
    struct mangler *mangler = delayed->mangler;
    struct packet *frame = delayed->frame;
    list_remove(&delayed->link);
    free(delayed);
    mangler->transmit(mangler->owner, frame);
}

static void delay(struct mangler *mangler, struct packet *frame)
{
    struct delayed_frame *delayed = memory_new(sizeof *delayed);
    delayed->mangler = mangler;
    delayed->frame = frame;
    list_add_last(&delayed->link, &mangler->delayed);
    scope_event_init(mangler->scope, &delayed->event, release, delayed);
    uint64_t after_ns = 1 + prng_below(&mangler->prng, mangler->weather.most_late_ns);
    env_arm(mangler->scope->env, &delayed->event, scope_now(mangler->scope) + after_ns);
}

static void corrupt(struct mangler *mangler, struct packet *frame)
{
    packet_make_writable(frame);
    packet_drop_digest(frame);
    uint64_t bit = prng_below(&mangler->prng, 8 * (uint64_t)frame->len);
    frame->data[bit / 8] ^= (uint8_t)(1 << (bit % 8));
}

static void mangle(void *owner, struct packet *frame)
{
    struct mangler *mangler = owner;
    if (happens(mangler, mangler->weather.drop)) {
        packet_put(frame);
        return;
    }
    if (happens(mangler, mangler->weather.twice)) {
        delay(mangler, packet_clone(frame));
    }
    if (happens(mangler, mangler->weather.corrupt)) {
        corrupt(mangler, frame);
    }
    if (happens(mangler, mangler->weather.late)) {
        delay(mangler, frame);
    } else {
        mangler->transmit(mangler->owner, frame);
    }
}

static void mangler_init(struct mangler *mangler, struct node *node, uint64_t seed)
{
    *mangler = (struct mangler){.scope = &node->scope,
                                .netif = node->netifs[0],
                                .transmit = node->netifs[0]->transmit,
                                .owner = node->netifs[0]->link_owner};
    list_init(&mangler->delayed);
    prng_init(&mangler->prng, seed, node->name, "weather");
    static const uint64_t ONE_IN[] = {0, 1000, 100, 30, 8};
    mangler->weather.drop = ONE_IN[prng_below(&mangler->prng, 5)];
    mangler->weather.twice = ONE_IN[prng_below(&mangler->prng, 5)];
    mangler->weather.late = ONE_IN[prng_below(&mangler->prng, 5)];
    mangler->weather.corrupt = ONE_IN[prng_below(&mangler->prng, 5)];
    mangler->weather.most_late_ns = 1 + prng_below(&mangler->prng, 50 * MS);
    node->netifs[0]->transmit = mangle;
    node->netifs[0]->link_owner = mangler;
}

static void mangler_fini(struct mangler *mangler)
{
    LIST_FOR_EACH_SAFE (link, &mangler->delayed) {
        struct delayed_frame *delayed = container_of(link, struct delayed_frame, link);
        env_cancel(mangler->scope->env, &delayed->event);
        packet_put(delayed->frame);
        free(delayed);
    }
    mangler->netif->transmit = mangler->transmit;
    mangler->netif->link_owner = mangler->owner;
}

/* --- an application without habits --- */

struct user {
    struct scope *scope;
    struct tcp_conn *conn;
    struct tcp_listener *listener;
    struct prng prng;
    uint8_t *out, *in;
    size_t out_len, out_done, in_len;
    bool has_end, has_shut_down;
    struct timer timer; /* when it next feels like doing something */
};

static void user_write(struct user *user)
{
    while (user->out_done < user->out_len) {
        size_t len = 1 + prng_below(&user->prng, 5000);
        size_t left = user->out_len - user->out_done;
        int64_t done = tcp_send(user->conn, user->out + user->out_done, len < left ? len : left);
        if (done < 0) {
            assert_int_equal(done, -STATUS_AGAIN);
            return;
        }
        user->out_done += (size_t)done;
        if (prng_below(&user->prng, 4) == 0) {
            return;
        }
    }
    tcp_shutdown(user->conn);
    user->has_shut_down = true;
}

static void user_read(struct user *user)
{
    while (!user->has_end && prng_below(&user->prng, 5) != 0) {
        size_t size = 1 + prng_below(&user->prng, 3000);
        assert_true(user->in_len + size <= MAX_BYTES + 3000);
        int64_t len = tcp_receive(user->conn, user->in + user->in_len, size);
        if (len < 0) {
            assert_int_equal(len, -STATUS_AGAIN);
            return;
        }
        user->in_len += (size_t)len;
        user->has_end = len == 0;
    }
}

static void user_act(void *owner)
{
    struct user *user = owner;
    if (user->conn && tcp_state(user->conn) != TCP_CLOSED) {
        user_write(user);
    }
    if (user->conn) {
        user_read(user);
    }
    if (!user->has_end || !user->has_shut_down) {
        timer_set(&user->timer, scope_now(user->scope) + 1 + prng_below(&user->prng, 20 * MS));
    }
}

static void user_accept(void *owner)
{
    struct user *user = owner;
    if (!user->conn) {
        user->conn = tcp_accept(user->listener);
        tcp_set_no_delay(user->conn, prng_below(&user->prng, 2) == 0);
        user_act(user);
    }
}

static void user_init(struct user *user, struct node *node, uint64_t seed)
{
    *user = (struct user){.scope = &node->scope};
    prng_init(&user->prng, seed, node->name, "user");
    user->out_len = prng_below(&user->prng, MAX_BYTES);
    user->out = memory_new(user->out_len + 1);
    user->in = memory_new(MAX_BYTES + 3000);
    prng_fill(&user->prng, user->out, user->out_len);
    scope_timer_init(&node->scope, &user->timer, user_act, user);
}

static void user_fini(struct user *user)
{
    timer_fini(&user->timer);
    tcp_close(user->conn);
    free(user->out);
    free(user->in);
}

static void assert_read_all(const struct user *reader, const struct user *writer)
{
    assert_true(reader->has_end);
    assert_int_equal(reader->in_len, writer->out_len);
    assert_memory_equal(reader->in, writer->out, writer->out_len);
}

/* --- one storm --- */

static uint32_t draw_buffer(struct prng *prng)
{
    return 1000 + (uint32_t)prng_below(prng, UINT64_C(1) << (8 + prng_below(prng, 10)));
}

static void weather_storm(uint64_t seed)
{
    struct prng prng;
    prng_init(&prng, seed, "storm", "config");
    struct tcp_config tcp = {.rto_min_ns = 1 + prng_below(&prng, 200 * MS)};
    tcp.send_buffer = draw_buffer(&prng);
    tcp.receive_buffer = draw_buffer(&prng);
    struct link_config link = {.delay_ns = 1 + prng_below(&prng, 20 * MS)};
    link.rate_bps = 1000000 + prng_below(&prng, 100000000);
    struct two_hosts *net = two_hosts_new(&link, &tcp);
    trace_remove_sink(&net->trace, &net->sink);
    struct mangler out, back;
    struct user client, server;
    user_init(&client, net->a, seed);
    user_init(&server, net->b, seed);
    assert_int_equal(tcp_listen(net->b->tcp, (struct endpoint){.port = 80}, 0, user_accept, &server,
                                &server.listener),
                     STATUS_OK);
    assert_int_equal(
        tcp_connect(net->a->tcp, host_a(0), host_b(80), user_act, &client, &client.conn),
        STATUS_OK);
    mangler_init(&out, net->a, seed);
    mangler_init(&back, net->b, seed);
    two_hosts_run(net, 20000 * SECOND);
    assert_read_all(&server, &client);
    assert_read_all(&client, &server);
    user_fini(&client);
    user_fini(&server);
    tcp_listener_close(server.listener);
    mangler_fini(&out);
    mangler_fini(&back);
    trace_add_sink(&net->trace, &net->sink);
    two_hosts_free(net);
}

static void test_no_storm_changes_a_byte(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= STORMS; seed++) {
        weather_storm(seed);
    }
}

/* Usage: test-tcp_storm [FIRST LAST]: other seeds than those of the test. */
int main(int argc, char **argv)
{
    if (argc == 3) {
        uint64_t last = strtoull(argv[2], NULL, 10);
        for (uint64_t seed = strtoull(argv[1], NULL, 10); seed <= last; seed++) {
            print_message("storm %lu\n", (unsigned long)seed);
            weather_storm(seed);
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_storm_changes_a_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
