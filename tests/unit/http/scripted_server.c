#include "http/scripted_server.h"

#include "base/check.h"

static void look_for_heads(struct scripted_conn *conn)
{
    const char *end;
    while (conn->stream && (end = strstr(text_chars(&conn->got) + conn->scanned, "\r\n\r\n"))) {
        conn->scanned = (size_t)(end - conn->got.chars) + 4;
        conn->requests++;
        conn->server->script(conn->server, conn, conn->requests);
    }
}

static void on_stream(void *owner)
{
    struct scripted_conn *conn = owner;
    char buffer[500];
    int64_t got;
    while (conn->stream && (got = stream_read(conn->stream, buffer, sizeof buffer)) > 0) {
        text_add(&conn->got, buffer, (size_t)got);
        look_for_heads(conn);
    }
}

static void on_listener(void *owner)
{
    struct scripted_server *server = owner;
    struct stream *stream;
    while ((stream = listener_accept(server->listener))) {
        CHECK(server->n_conns < SCRIPT_MAX_CONNS);
        struct scripted_conn *conn = &server->conns[server->n_conns++];
        conn->server = server;
        conn->stream = stream;
        stream_set_owner(stream, on_stream, conn);
        on_stream(conn);
    }
}

void scripted_server_start(struct scripted_server *server, struct sockets *sockets,
                           scripted_answer script)
{
    *server = (struct scripted_server){.script = script};
    enum status status = sockets_listen(sockets, (struct endpoint){.port = 80}, 16, on_listener,
                                        server, &server->listener);
    CHECK(status == STATUS_OK);
}

void scripted_server_stop(struct scripted_server *server)
{
    for (unsigned i = 0; i < server->n_conns; i++) {
        scripted_close(&server->conns[i]);
        text_fini(&server->conns[i].got);
    }
    listener_close(server->listener);
}

void scripted_say(struct scripted_conn *conn, const char *text)
{
    int64_t taken = stream_write(conn->stream, text, strlen(text));
    CHECK(taken == (int64_t)strlen(text));
}

void scripted_close(struct scripted_conn *conn)
{
    if (conn->stream) {
        stream_close(conn->stream);
    }
    conn->stream = NULL;
}

void scripted_reset(struct scripted_conn *conn)
{
    stream_abort(conn->stream);
    conn->stream = NULL;
}
