/* A ring of records. Positions count from the oldest segment. Most work is at the two ends; a
 * split, which the shrinking of a path's MTU causes, is the only operation that moves records. */
#include "stack/transport/tcp_flight.h"

#include "base/check.h"
#include "base/memory.h"

#include <stddef.h>
#include <stdlib.h>

void tcp_flight_fini(struct tcp_flight *flight)
{
    free(flight->ring);
    *flight = (struct tcp_flight){0};
}

static struct tcp_sent *flight_slot(const struct tcp_flight *flight, uint32_t position)
{
    return &flight->ring[(flight->first + position) & (flight->capacity - 1)];
}

struct tcp_sent *tcp_flight_at(const struct tcp_flight *flight, uint32_t position)
{
    CHECK(position < flight->count);
    return flight_slot(flight, position);
}

static void flight_grow(struct tcp_flight *flight)
{
    uint32_t capacity = flight->capacity ? flight->capacity * 2 : 4;
    struct tcp_sent *ring = memory_new_array(capacity, sizeof *ring);
    for (uint32_t i = 0; i < flight->count; i++) {
        ring[i] = *flight_slot(flight, i);
    }
    free(flight->ring);
    flight->ring = ring;
    flight->capacity = capacity;
    flight->first = 0;
}

void tcp_flight_add(struct tcp_flight *flight, const struct tcp_sent *sent)
{
    if (flight->count == flight->capacity) {
        flight_grow(flight);
    }
    *flight_slot(flight, flight->count) = *sent;
    flight->count++;
}

static void flight_remove_first(struct tcp_flight *flight)
{
    struct tcp_sent *sent = flight_slot(flight, 0);
    if (sent->is_lost) {
        flight->lost_bytes -= sent->len;
    }
    flight->first = (flight->first + 1) & (flight->capacity - 1);
    flight->count--;
    if (flight->next_lost > 0) {
        flight->next_lost--;
    }
}

static void flight_cut_front(struct tcp_flight *flight, struct tcp_sent *sent, uint32_t ack)
{
    uint32_t len = ack - sent->seq;
    if (sent->is_lost) {
        flight->lost_bytes -= len;
    }
    sent->seq += len;
    sent->len -= len;
    sent->is_syn = false;
}

struct tcp_flight_acked tcp_flight_acknowledge(struct tcp_flight *flight, uint32_t ack)
{
    struct tcp_flight_acked acked = {.is_measurable = flight->count > 0};
    bool is_first = true;
    while (flight->count > 0) {
        struct tcp_sent *sent = flight_slot(flight, 0);
        if ((int32_t)(ack - sent->seq) <= 0) {
            break;
        }
        if (is_first) {
            acked.sent_ns = sent->sent_ns;
            is_first = false;
        }
        acked.is_measurable = acked.is_measurable && !sent->is_sent_again;
        if (ack - sent->seq < sent->len) {
            flight_cut_front(flight, sent, ack);
            break;
        }
        flight_remove_first(flight);
    }
    acked.is_measurable = acked.is_measurable && !is_first;
    return acked;
}

void tcp_flight_mark_lost(struct tcp_flight *flight, uint32_t position)
{
    struct tcp_sent *sent = tcp_flight_at(flight, position);
    if (!sent->is_lost) {
        sent->is_lost = true;
        flight->lost_bytes += sent->len;
    }
    if (position < flight->next_lost) {
        flight->next_lost = position;
    }
}

void tcp_flight_mark_all_lost(struct tcp_flight *flight)
{
    for (uint32_t i = 0; i < flight->count; i++) {
        tcp_flight_mark_lost(flight, i);
    }
}

void tcp_flight_mark_sent(struct tcp_flight *flight, uint32_t position, uint64_t now_ns)
{
    struct tcp_sent *sent = tcp_flight_at(flight, position);
    if (sent->is_lost) {
        sent->is_lost = false;
        flight->lost_bytes -= sent->len;
    }
    sent->is_sent_again = true;
    sent->sent_ns = now_ns;
}

uint32_t tcp_flight_next_lost(struct tcp_flight *flight)
{
    if (flight->lost_bytes == 0) {
        return flight->count;
    }
    while (!tcp_flight_at(flight, flight->next_lost)->is_lost) {
        flight->next_lost++;
    }
    return flight->next_lost;
}

void tcp_flight_split(struct tcp_flight *flight, uint32_t position, uint32_t len)
{
    struct tcp_sent *whole = tcp_flight_at(flight, position);
    CHECK(len > 0 && len < whole->len && !whole->is_syn);
    struct tcp_sent rest = *whole;
    rest.seq += len;
    rest.len -= len;
    whole->len = len;
    whole->is_fin = false;
    tcp_flight_add(flight, &rest); /* makes room; its place is found next */
    for (uint32_t i = flight->count - 1; i > position + 1; i--) {
        *flight_slot(flight, i) = *flight_slot(flight, i - 1);
    }
    *flight_slot(flight, position + 1) = rest;
}
