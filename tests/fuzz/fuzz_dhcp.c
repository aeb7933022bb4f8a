/* DHCP messages: what was parsed can be written, and what was written parses to the same and is
 * written the same again. */
#include "fuzz.h"

#include "base/check.h"
#include "wire/dhcp.h"

static size_t emit(const struct dhcp_message *message, uint8_t bytes[DHCP_MAX_LEN])
{
    struct writer w = writer_of(bytes, DHCP_MAX_LEN);
    dhcp_emit(&w, message);
    CHECK(!w.failed);
    return (size_t)(w.p - bytes);
}

static void check_text(const char text[DHCP_MAX_TEXT])
{
    size_t len = strnlen(text, DHCP_MAX_TEXT);
    CHECK(len < DHCP_MAX_TEXT);
    for (size_t i = 0; i < len; i++) {
        CHECK(text[i] >= ' ' && text[i] <= '~');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    struct dhcp_message message, again;
    if (!dhcp_parse(&r, &message)) {
        return 0;
    }
    CHECK(reader_is_done(&r));
    check_text(message.host_name);
    check_text(message.domain_name);
    check_text(message.message);
    CHECK(message.client_id_len <= DHCP_MAX_BLOB && message.parameter_list_len <= DHCP_MAX_BLOB);

    uint8_t first[DHCP_MAX_LEN], second[DHCP_MAX_LEN];
    size_t len = emit(&message, first);
    CHECK(len >= DHCP_MIN_LEN);
    struct reader emitted = reader_of(first, len);
    CHECK(dhcp_parse(&emitted, &again));
    CHECK(emit(&again, second) == len && memcmp(first, second, len) == 0);
    return 0;
}
