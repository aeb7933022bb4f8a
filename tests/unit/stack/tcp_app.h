/* A small application on one TCP connection: it writes what it is given and keeps what it reads. */
#ifndef TESTS_UNIT_STACK_TCP_APP_H
#define TESTS_UNIT_STACK_TCP_APP_H

#include "stack/two_hosts.h"

struct tcp_app {
    struct scope *scope;
    struct tcp_conn *conn; /* NULL before it has one, and after tcp_app_close */
    struct tcp_listener *listener;
    const uint8_t *out; /* borrowed */
    size_t out_len, out_done;
    bool shuts_down; /* when all is written */
    bool is_lazy;    /* does not read */
    uint8_t *in;     /* owned */
    size_t in_len, in_capacity;
    bool has_end; /* read the peer's end */
    enum status error;
    unsigned events;
    uint64_t connected_ns; /* when it first saw itself connected; 0: never */
    uint64_t last_ns;      /* when it last read something */
};

void tcp_app_connect(struct tcp_app *app, struct node *node, struct endpoint local,
                     struct endpoint remote);
/* Accepts one connection. */
void tcp_app_listen(struct tcp_app *app, struct node *node, uint32_t port);

/* Writes on as far as it goes. */
void tcp_app_send(struct tcp_app *app, const void *bytes, size_t len);
void tcp_app_read(struct tcp_app *app); /* all there is */

/* Closes what it holds and frees what it kept. */
void tcp_app_close(struct tcp_app *app);

/* Two of them, connected: `client` on a, `server` on b. */
struct tcp_pair {
    struct two_hosts *net;
    struct tcp_app client, server;
};
void tcp_pair_start(struct tcp_pair *pair, const struct link_config *link,
                    const struct tcp_config *tcp);
void tcp_pair_end(struct tcp_pair *pair); /* checks that nothing is left behind */

/* Bytes without an obvious pattern. */
void fill_bytes(uint8_t *to, size_t len, uint64_t seed);

#endif
