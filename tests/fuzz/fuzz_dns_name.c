/* Domain names: from the wire, with the input as the message, and from text. */
#include "fuzz.h"

#include "base/check.h"
#include "wire/dns_name.h"

#include <stdlib.h>

static void check_name(const struct dns_name *name)
{
    char buffer[DNS_NAME_TEXT_SIZE];
    struct dns_name again;
    CHECK(name->len > 0 && name->bytes[name->len - 1] == 0);
    CHECK(dns_name_parse_text(dns_name_print(name, buffer), &again));
    CHECK(memcmp(&again, name, sizeof again) == 0);
    struct reader r = reader_of(name->bytes, name->len);
    CHECK(dns_name_parse(&r, (struct bytes){0}, &again) && reader_is_done(&r));
    struct dns_name lower = dns_name_lower(name);
    CHECK(dns_name_equal(&lower, name) && dns_name_is_within(name, &lower));
    size_t labels = dns_name_label_count(name);
    while (dns_name_parent(&again, &again)) {
        labels--;
        CHECK(dns_name_is_within(name, &again) && dns_name_label_count(&again) == labels);
    }
    CHECK(labels == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { FIRST = 12 }; /* behind a message's header */
    struct dns_name name;
    for (size_t at = FIRST; at < size; at++) {
        struct reader r = reader_of(data + at, size - at);
        if (dns_name_parse(&r, (struct bytes){data, size}, &name)) {
            check_name(&name);
        }
    }
    char *text = malloc(size + 1);
    CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    if (dns_name_parse_text(text, &name)) {
        check_name(&name);
    }
    free(text);
    return 0;
}
