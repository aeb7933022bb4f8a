#include "dns/server_history_internal.h"

#include "base/memory.h"

#include <stdlib.h>

enum { MAX_SERVERS = 4096 };
#define FORGET_NS UINT64_C(900000000000)
#define FAILED_RTT_NS UINT64_C(1000000000) /* a server that failed counts as at least this slow */
#define MAX_RTT_NS UINT64_C(16000000000)

struct known_server {
    struct list link;
    struct ip_addr address;
    uint64_t srtt_ns;
    uint64_t forget_ns;
};

void server_history_init(struct server_history *history, const struct scope *scope)
{
    history->scope = scope;
    struct prng prng;
    scope_prng_init(scope, &prng, "dns-server-hash");
    map_init(&history->servers, sizeof(struct ip_addr), prng_u64(&prng));
    list_init(&history->latest);
}

static void known_server_forget(struct server_history *history, struct known_server *server)
{
    map_remove(&history->servers, &server->address);
    list_remove(&server->link);
    free(server);
}

void server_history_fini(struct server_history *history)
{
    LIST_FOR_EACH_SAFE (link, &history->latest) {
        known_server_forget(history, container_of(link, struct known_server, link));
    }
    map_fini(&history->servers);
}

/* What is known of the server and not yet to be forgotten, or NULL. */
static struct known_server *server_history_find(const struct server_history *history,
                                                struct ip_addr address)
{
    struct known_server *server = map_get(&history->servers, &address);
    return server && server->forget_ns > scope_now(history->scope) ? server : NULL;
}

/* The server's entry, made anew when there is none, at the head of the list. */
static struct known_server *server_history_touch(struct server_history *history,
                                                 struct ip_addr address)
{
    struct known_server *server = map_get(&history->servers, &address);
    if (server && server->forget_ns <= scope_now(history->scope)) {
        known_server_forget(history, server);
        server = NULL;
    }
    if (!server) {
        if (history->servers.count == MAX_SERVERS) {
            known_server_forget(history,
                                container_of(history->latest.prev, struct known_server, link));
        }
        server = memory_new(sizeof *server);
        server->address = address;
        server->forget_ns = scope_now(history->scope) + FORGET_NS;
        list_init(&server->link);
        map_put(&history->servers, &address, server);
    }
    list_remove(&server->link);
    list_add_first(&server->link, &history->latest);
    return server;
}

void server_history_add_answer(struct server_history *history, struct ip_addr address,
                               uint64_t rtt_ns)
{
    struct known_server *server = server_history_touch(history, address);
    bool is_news = server->srtt_ns == 0 || server->srtt_ns >= FAILED_RTT_NS;
    server->srtt_ns = is_news ? rtt_ns : (server->srtt_ns * 7 + rtt_ns) / 8;
}

void server_history_add_failure(struct server_history *history, struct ip_addr address)
{
    struct known_server *server = server_history_touch(history, address);
    uint64_t doubled_ns = server->srtt_ns * 2;
    server->srtt_ns = doubled_ns < FAILED_RTT_NS ? FAILED_RTT_NS
                      : doubled_ns > MAX_RTT_NS  ? MAX_RTT_NS
                                                 : doubled_ns;
}

uint64_t server_history_rtt(const struct server_history *history, struct ip_addr address)
{
    const struct known_server *server = server_history_find(history, address);
    return server ? server->srtt_ns : 0;
}
