#include "http/raw_client.h"

#include "base/check.h"

static void send_some(struct raw_client *client)
{
    while (byte_queue_len(&client->to_send) > 0) {
        struct bytes front = byte_queue_front(&client->to_send);
        int64_t taken = stream_write(client->stream, front.p, front.len);
        if (taken <= 0) {
            return;
        }
        byte_queue_drop(&client->to_send, (size_t)taken);
    }
    if (client->shuts_down) {
        stream_shutdown(client->stream);
    }
}

static void read_some(struct raw_client *client)
{
    char buffer[500];
    int64_t got = 1;
    while (!client->is_stalled && !client->has_ended && !client->was_reset && got > 0) {
        got = stream_read(client->stream, buffer, sizeof buffer);
        if (got > 0) {
            text_add(&client->got, buffer, (size_t)got);
        }
        client->has_ended = got == 0;
        client->was_reset = got < 0 && got != -(int64_t)STATUS_AGAIN;
    }
}

static void on_event(void *owner)
{
    struct raw_client *client = owner;
    send_some(client);
    read_some(client);
}

void raw_client_open(struct raw_client *client, struct sockets *sockets, const char *address)
{
    struct endpoint remote = {.port = 80};
    *client = (struct raw_client){0};
    CHECK(ip_parse(address, &remote.addr));
    enum status status =
        sockets_connect(sockets, (struct endpoint){0}, remote, on_event, client, &client->stream);
    CHECK(status == STATUS_OK);
}

void raw_client_send(struct raw_client *client, const char *chars, size_t len)
{
    byte_queue_add(&client->to_send, chars, len);
    send_some(client);
}

void raw_client_go(struct raw_client *client)
{
    on_event(client);
}

void raw_client_close(struct raw_client *client)
{
    if (client->stream) {
        stream_close(client->stream);
    }
    client->stream = NULL;
    byte_queue_fini(&client->to_send);
    text_fini(&client->got);
}
