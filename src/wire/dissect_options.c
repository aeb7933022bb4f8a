/* Options that are a kind, a length and data: those of IPv4, TCP and DHCP. */
#include "wire/dissect_internal.h"

static const struct dissect_option *find_option(const struct dissect_option *options, uint8_t kind)
{
    static const struct dissect_option unknown = {0, "option: unknown", NULL, NULL};
    for (; options->name; options++) {
        if (options->kind == kind) {
            return options;
        }
    }
    return &unknown;
}

/* One option with its kind and length before `data`. */
static void add_option(struct dissector *d, const struct dissect_option *option, uint8_t kind,
                       struct reader data)
{
    uint32_t bits = (uint32_t)(reader_left(&data) + 2) * 8;
    struct reader again = data;
    text_clear(&d->scratch);
    if (option->print && option->print(&d->scratch, &data) && reader_is_done(&data)) {
        dissect_add(d, option->name, bits, option->meaning, "%s", text_chars(&d->scratch));
        return;
    }
    text_clear(&d->scratch);
    dissect_print_hex(&d->scratch, &again);
    dissect_add(d, option->name, bits, option->print ? "its data cannot be right" : option->meaning,
                "kind %u%s%s", kind, bits > 16 ? ": " : "", text_chars(&d->scratch));
}

/* Several NOPs in a row are one field. */
static void add_nops(struct dissector *d, const struct dissect_option_format *format,
                     struct reader *r)
{
    uint32_t count = 1;
    while (reader_left(r) > 0 && *r->p == format->nop) {
        reader_skip(r, 1);
        count++;
    }
    dissect_add(d, find_option(format->options, format->nop)->name, count * 8,
                "fills up to where the next one should begin", count == 1 ? "%u byte" : "%u bytes",
                count);
}

static void add_end(struct dissector *d, const struct dissect_option_format *format,
                    struct reader *r)
{
    dissect_add(d, find_option(format->options, format->end)->name, 8, "no options follow", "%u",
                format->end);
    size_t left = reader_left(r);
    if (left > 0) {
        dissect_add(d, "padding", (uint32_t)left * 8, "fills the space up", "%zu byte%s", left,
                    left == 1 ? "" : "s");
    }
}

bool dissect_add_options(struct dissector *d, const struct dissect_option_format *format,
                         struct reader r)
{
    while (reader_left(&r) > 0) {
        size_t left = reader_left(&r);
        uint8_t kind = read_u8(&r);
        if (kind == format->end) {
            add_end(d, format, &r);
            return true;
        }
        if (kind == format->nop) {
            add_nops(d, format, &r);
            continue;
        }
        size_t len = read_u8(&r);
        bool is_legal = !r.failed && len >= format->length_includes;
        struct reader data = reader_sub(&r, is_legal ? len - format->length_includes : SIZE_MAX);
        if (data.failed) {
            dissect_add(d, "option: malformed", (uint32_t)left * 8, "its length is illegal",
                        "kind %u", kind);
            return false;
        }
        add_option(d, find_option(format->options, kind), kind, data);
    }
    return true;
}

bool dissect_print_u8(struct text *value, struct reader *data)
{
    text_print(value, "%u", read_u8(data));
    return true;
}

bool dissect_print_u16(struct text *value, struct reader *data)
{
    text_print(value, "%u", read_u16(data));
    return true;
}

bool dissect_print_address(struct text *value, struct reader *data)
{
    char text[IP_TEXT_SIZE];
    text_print(value, "%s", ip_print(ip_v4(read_u32(data)), text));
    return true;
}

bool dissect_print_addresses(struct text *value, struct reader *data)
{
    if (reader_left(data) == 0) {
        return false;
    }
    dissect_print_address(value, data);
    while (reader_left(data) > 0) {
        text_print(value, ", ");
        dissect_print_address(value, data);
    }
    return true;
}

bool dissect_print_text(struct text *value, struct reader *data)
{
    while (reader_left(data) > 0) {
        uint8_t byte = read_u8(data);
        text_print(value, "%c", byte == 0 ? '?' : byte);
    }
    return true;
}

bool dissect_print_nothing(struct text *value, struct reader *data)
{
    text_print(value, "yes");
    return reader_left(data) == 0;
}

void dissect_print_hex(struct text *value, struct reader *data)
{
    while (reader_left(data) > 0) {
        text_print(value, "%02x", read_u8(data));
    }
}
