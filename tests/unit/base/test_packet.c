#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/packet.h"
#include "base/prng.h"

#include <string.h>

static int pool_setup(void **state)
{
    *state = packet_pool_new();
    return 0;
}

static int pool_teardown(void **state)
{
    packet_pool_free(*state); /* checks that every packet came back */
    return 0;
}

static struct packet *packet_of(struct packet_pool *pool, const char *chars)
{
    return packet_new_copy(pool, chars, strlen(chars));
}

static void assert_bytes(const struct packet *packet, const char *chars)
{
    assert_int_equal(packet->len, strlen(chars));
    assert_memory_equal(packet->data, chars, packet->len);
}

static void headers_are_pushed_and_pulled_in_place(void **state)
{
    struct packet *packet = packet_of(*state, "payload");
    struct writer w = packet_push(packet, 4);
    write_copy(&w, "tcp:", 4);
    assert_int_equal(writer_left(&w), 0);
    w = packet_push(packet, 3);
    write_copy(&w, "ip:", 3);
    assert_bytes(packet, "ip:tcp:payload");
    packet_pull(packet, 3);
    assert_bytes(packet, "tcp:payload");
    packet_trim(packet, 7);
    assert_bytes(packet, "tcp:pay");
    struct reader r = packet_reader(packet);
    assert_int_equal(reader_left(&r), 7);
    packet_pull(packet, 7);
    assert_int_equal(packet->len, 0);
    packet_put(packet);
}

static void all_of_the_headroom_can_be_used(void **state)
{
    struct packet *packet = packet_new(*state, 10);
    struct writer w = packet_push(packet, PACKET_HEADROOM);
    write_zeros(&w, PACKET_HEADROOM);
    assert_false(w.failed);
    assert_int_equal(packet->len, PACKET_HEADROOM + 10);
    packet_put(packet);
}

static void packets_of_every_size_hold_their_bytes(void **state)
{
    const size_t sizes[] = {0, 1, 60, 1514, 1967, 1968, 1969, 2096, 2097, 9000, PACKET_MAX_LEN};
    struct packet *packets[sizeof sizes / sizeof sizes[0]];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        packets[i] = packet_new(*state, sizes[i]);
        memset(packets[i]->data, (int)i, sizes[i]);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(packets[i]->len, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++) {
            assert_int_equal(packets[i]->data[k], i);
        }
        packet_put(packets[i]);
    }
}

static void every_packet_has_an_id_of_its_own(void **state)
{
    struct packet *first = packet_new(*state, 1);
    struct packet *second = packet_new(*state, 1);
    assert_int_equal(first->id, 1);
    assert_int_equal(second->id, 2);
    packet_put(first);
    struct packet *third = packet_new(*state, 1); /* not the id of the memory it got */
    assert_int_equal(third->id, 3);
    packet_put(second);
    packet_put(third);
}

static void a_clone_has_the_same_bytes_and_id_and_its_own_view(void **state)
{
    struct packet *packet = packet_of(*state, "header payload");
    struct packet *clone = packet_clone(packet);
    assert_int_equal(packet_pool_in_use(*state), 2);
    assert_int_equal(clone->id, packet->id);
    assert_null(clone->next);
    packet_pull(clone, 7);
    assert_bytes(clone, "payload");
    assert_bytes(packet, "header payload");
    packet_put(packet); /* the clone keeps the bytes */
    assert_bytes(clone, "payload");
    packet_put(clone);
    assert_int_equal(packet_pool_in_use(*state), 0);
}

static void a_shared_block_is_copied_before_it_changes(void **state)
{
    struct packet *packet = packet_of(*state, "original");
    struct packet *clone = packet_clone(packet);
    packet_make_writable(clone);
    clone->data[0] = 'O';
    struct writer w = packet_push(clone, 3); /* with its headroom */
    write_copy(&w, "ip:", 3);
    assert_bytes(clone, "ip:Original");
    assert_bytes(packet, "original");
    const uint8_t *data = packet->data;
    packet_make_writable(packet); /* alone again: nothing to copy */
    assert_ptr_equal(packet->data, data);
    packet_put(packet);
    packet_put(clone);
}

static void packets_are_used_again(void **state)
{
    struct packet *packet = packet_new(*state, 100);
    packet_mark_payload(packet, 50);
    packet_hash(packet);
    packet->next = packet;
    packet_put(packet);
    packet = packet_new(*state, 20);
    assert_int_equal(packet->len, 20);
    assert_null(packet->next);
    assert_false(packet->has_digest);
    assert_true(packet->digest_from == UINT32_MAX);
    packet_put(packet);
}

static void the_hash_covers_every_byte(void **state)
{
    struct packet *packet = packet_of(*state, "header payload");
    uint64_t plain = packet_hash(packet);
    packet->data[13] ^= 1;
    assert_int_not_equal(packet_hash(packet), plain);
    packet->data[13] ^= 1;
    assert_int_equal(packet_hash(packet), plain);
    for (uint32_t from = 0; from <= packet->len; from++) {
        packet_mark_payload(packet, from);
        uint64_t marked = packet_hash(packet);
        assert_int_equal(packet_hash(packet), marked);
        for (uint32_t i = 0; i < packet->len; i++) {
            packet->data[i] ^= 1;
            if (i >= from) {
                packet_drop_digest(packet);
            }
            assert_int_not_equal(packet_hash(packet), marked);
            packet->data[i] ^= 1;
            packet_drop_digest(packet);
        }
    }
    packet_put(packet);
}

static void the_digest_is_that_of_equal_bytes_elsewhere(void **state)
{
    struct packet *hopped = packet_of(*state, "mac2ip:payload");
    packet_mark_payload(hopped, 7);
    packet_hash(hopped);
    packet_pull(hopped, 4);
    struct writer w = packet_push(hopped, 4);
    write_copy(&w, "mac3", 4);
    assert_true(hopped->has_digest); /* a new link header does not cost the digest */
    struct packet *fresh = packet_of(*state, "mac3ip:payload");
    packet_mark_payload(fresh, 7);
    assert_int_equal(packet_hash(hopped), packet_hash(fresh));
    packet_put(hopped);
    packet_put(fresh);
}

static void the_digest_survives_clones_and_copies(void **state)
{
    struct packet *packet = packet_of(*state, "ip:payload");
    packet_mark_payload(packet, 3);
    uint64_t hash = packet_hash(packet);
    struct packet *clone = packet_clone(packet);
    packet_make_writable(clone);
    assert_true(clone->has_digest);
    assert_int_equal(packet_hash(clone), hash);
    clone->data[5] = 'x';
    packet_drop_digest(clone);
    assert_int_not_equal(packet_hash(clone), hash);
    assert_int_equal(packet_hash(packet), hash);
    packet_put(packet);
    packet_put(clone);
}

static void trimming_changes_the_hash(void **state)
{
    struct packet *packet = packet_of(*state, "ip:payload....");
    packet_mark_payload(packet, 3);
    packet_hash(packet);
    packet_trim(packet, 10);
    struct packet *fresh = packet_of(*state, "ip:payload");
    packet_mark_payload(fresh, 3);
    assert_int_equal(packet_hash(packet), packet_hash(fresh));
    packet_put(packet);
    packet_put(fresh);
}

static void pushing_over_the_payload_drops_its_digest(void **state)
{
    struct packet *packet = packet_of(*state, "ip:payload");
    packet_mark_payload(packet, 3);
    packet_hash(packet);
    packet_pull(packet, 6); /* "load", from within the payload */
    struct writer w = packet_push(packet, 6);
    write_copy(&w, "IP:PAY", 6);
    struct packet *fresh = packet_of(*state, "IP:PAYload");
    packet_mark_payload(fresh, 3);
    assert_int_equal(packet_hash(packet), packet_hash(fresh));
    packet_put(packet);
    packet_put(fresh);
}

static void random_use_leaks_nothing(void **state)
{
    struct prng prng;
    prng_init(&prng, 1, "test", "packet");
    struct packet *live[100] = {0};
    uint8_t marks[100];
    for (int step = 0; step < 20000; step++) {
        size_t i = prng_below(&prng, 100);
        size_t from = prng_below(&prng, 100);
        if (live[i]) {
            assert_int_equal(live[i]->data[0], marks[i]);
            packet_put(live[i]);
            live[i] = NULL;
        } else if (live[from]) {
            live[i] = packet_clone(live[from]);
            packet_make_writable(live[i]);
            marks[i] = live[i]->data[0] = (uint8_t)prng_u64(&prng);
        } else {
            live[i] = packet_new(*state, 1 + prng_below(&prng, 4000));
            marks[i] = live[i]->data[0] = (uint8_t)prng_u64(&prng);
        }
    }
    size_t count = 0;
    for (size_t i = 0; i < 100; i++) {
        count += live[i] != NULL;
    }
    assert_int_equal(packet_pool_in_use(*state), count);
    for (size_t i = 0; i < 100; i++) {
        if (live[i]) {
            packet_put(live[i]);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, pool_setup, pool_teardown)
    const struct CMUnitTest tests[] = {
        TEST(headers_are_pushed_and_pulled_in_place),
        TEST(all_of_the_headroom_can_be_used),
        TEST(packets_of_every_size_hold_their_bytes),
        TEST(every_packet_has_an_id_of_its_own),
        TEST(a_clone_has_the_same_bytes_and_id_and_its_own_view),
        TEST(a_shared_block_is_copied_before_it_changes),
        TEST(packets_are_used_again),
        TEST(the_hash_covers_every_byte),
        TEST(the_digest_is_that_of_equal_bytes_elsewhere),
        TEST(the_digest_survives_clones_and_copies),
        TEST(trimming_changes_the_hash),
        TEST(pushing_over_the_payload_drops_its_digest),
        TEST(random_use_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
