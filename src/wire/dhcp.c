/* DHCP messages: BOOTP's fixed fields, then options behind a magic cookie.
 *
 *     op 1 | htype 1 | hlen 1 | hops 1 | xid 4 | secs 2 | flags 2 | ciaddr 4 | yiaddr 4 | siaddr 4
 *     | giaddr 4 | chaddr 16 | sname 64 | file 128 | cookie 4 | options ...     (RFC 2131 figure 1)
 *
 * Options are code, length, value. When the options field is too small, `sname` and `file` may hold
 * options too (option 52, "overload"), and a value longer than 255 bytes comes as several options
 * of one code (RFC 3396). So parsing has three steps: find the areas that hold options; see that
 * every option in them fits; then gather each option that we keep from all areas in RFC 3396's
 * order, and read its value. What we keep, and how it looks, is one table, which emitting walks
 * too.
 */
#include "wire/dhcp.h"

enum {
    HTYPE_ETHERNET = 1,
    CHADDR_LEN = 16,
    SNAME_LEN = 64,
    FILE_LEN = 128,
    FLAG_BROADCAST = 0x8000,
    OVERLOAD_FILE = 1,
    OVERLOAD_SNAME = 2,
    MAX_AREAS = 3,
    MAX_VALUE = 255, /* of one option on the wire; gathered values are kept as far as this */
};
static const uint32_t MAGIC_COOKIE = 0x63825363; /* RFC 2131 3: 99, 130, 83, 99 */

/* How an option's value looks on the wire and in struct dhcp_message. */
enum shape {
    SHAPE_U8,
    SHAPE_U32,
    SHAPE_ADDRESSES, /* 1 ... DHCP_MAX_ADDRESSES of uint32_t */
    SHAPE_TEXT,      /* char[DHCP_MAX_TEXT] */
    SHAPE_BLOB,      /* a length byte, and uint8_t[DHCP_MAX_BLOB] at `offset` */
};

struct option_field {
    uint8_t code;
    uint8_t shape;
    uint8_t min_len; /* of a blob */
    size_t offset;
    size_t len_offset; /* of a blob */
};

#define FIELD(code_, shape_, member)                                                               \
    {                                                                                              \
        .code = (code_), .shape = (shape_), .offset = offsetof(struct dhcp_message, member)        \
    }
#define BLOB(code_, member, min)                                                                   \
    {                                                                                              \
        .code = (code_), .shape = SHAPE_BLOB, .min_len = (min),                                    \
        .offset = offsetof(struct dhcp_message, member),                                           \
        .len_offset = offsetof(struct dhcp_message, member##_len)                                  \
    }

/* In the order of emitting: the type first, so that a person who reads the bytes sees it first. */
static const struct option_field FIELDS[] = {
    FIELD(DHCP_OPTION_MESSAGE_TYPE, SHAPE_U8, type),
    FIELD(DHCP_OPTION_SUBNET_MASK, SHAPE_U32, subnet_mask),
    FIELD(DHCP_OPTION_ROUTER, SHAPE_ADDRESSES, routers),
    FIELD(DHCP_OPTION_DNS, SHAPE_ADDRESSES, dns),
    FIELD(DHCP_OPTION_HOST_NAME, SHAPE_TEXT, host_name),
    FIELD(DHCP_OPTION_DOMAIN_NAME, SHAPE_TEXT, domain_name),
    FIELD(DHCP_OPTION_REQUESTED_ADDRESS, SHAPE_U32, requested_address),
    FIELD(DHCP_OPTION_LEASE_TIME, SHAPE_U32, lease_time_s),
    FIELD(DHCP_OPTION_SERVER_ID, SHAPE_U32, server_id),
    BLOB(DHCP_OPTION_PARAMETER_LIST, parameter_list, 1),
    FIELD(DHCP_OPTION_MESSAGE, SHAPE_TEXT, message),
    FIELD(DHCP_OPTION_RENEWAL_TIME, SHAPE_U32, renewal_time_s),
    FIELD(DHCP_OPTION_REBINDING_TIME, SHAPE_U32, rebinding_time_s),
    BLOB(DHCP_OPTION_CLIENT_ID, client_id, 2), /* RFC 2132 9.14: at least 2 */
};
enum { N_FIELDS = sizeof FIELDS / sizeof FIELDS[0] };

/* The parts of a message that hold options, in RFC 3396 section 5's order. */
struct areas {
    struct reader reader[MAX_AREAS];
    size_t count;
};

/* A value, gathered from all options of its code. */
struct value {
    uint8_t byte[MAX_VALUE];
    size_t len; /* as sent; more than MAX_VALUE: the rest was cut */
};

static bool find_areas(const uint8_t *sname, const uint8_t *file, struct reader options,
                       struct areas *areas);
static bool read_field(const struct option_field *field, const struct areas *areas,
                       struct dhcp_message *message);
static void write_field(struct writer *w, const struct option_field *field,
                        const struct dhcp_message *message);

bool dhcp_parse(struct reader *r, struct dhcp_message *message)
{
    *message = (struct dhcp_message){.op = read_u8(r)};
    bool is_ethernet = read_u8(r) == HTYPE_ETHERNET;
    is_ethernet &= read_u8(r) == sizeof message->chaddr.byte;
    message->hops = read_u8(r);
    message->xid = read_u32(r);
    message->secs = read_u16(r);
    message->broadcast = (read_u16(r) & FLAG_BROADCAST) != 0;
    message->ciaddr = read_u32(r);
    message->yiaddr = read_u32(r);
    message->siaddr = read_u32(r);
    message->giaddr = read_u32(r);
    read_copy(r, message->chaddr.byte, sizeof message->chaddr.byte);
    reader_skip(r, CHADDR_LEN - sizeof message->chaddr.byte);
    const uint8_t *sname = reader_take(r, SNAME_LEN);
    const uint8_t *file = reader_take(r, FILE_LEN);
    bool is_dhcp = read_u32(r) == MAGIC_COOKIE;
    struct areas areas;
    if (r->failed || !is_ethernet || !is_dhcp ||
        (message->op != DHCP_BOOTREQUEST && message->op != DHCP_BOOTREPLY) ||
        !find_areas(sname, file, reader_sub(r, reader_left(r)), &areas)) {
        return false;
    }
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (!read_field(&FIELDS[i], &areas, message)) {
            return false;
        }
    }
    return true;
}

/* The next option of an area. False at its end: the END option, the last byte (a missing END does
 * no harm), or an option that does not fit, which fails the reader. */
static bool next_option(struct reader *area, uint8_t *code, struct bytes *value)
{
    do {
        if (reader_left(area) == 0) {
            return false;
        }
        *code = read_u8(area);
    } while (*code == DHCP_OPTION_PAD);
    if (*code == DHCP_OPTION_END) {
        return false;
    }
    value->len = read_u8(area);
    value->p = reader_take(area, value->len);
    return !area->failed;
}

static bool is_well_formed(struct reader area)
{
    uint8_t code;
    struct bytes value;
    while (next_option(&area, &code, &value)) {
    }
    return !area.failed;
}

/* RFC 3396 section 5: the value of an option is what all options of its code hold, in the order of
 * the areas. A value of no bytes counts as absent. */
static void gather(const struct areas *areas, uint8_t wanted, struct value *value)
{
    value->len = 0;
    for (size_t i = 0; i < areas->count; i++) {
        struct reader area = areas->reader[i];
        uint8_t code;
        struct bytes part;
        while (next_option(&area, &code, &part)) {
            if (code != wanted) {
                continue;
            }
            size_t room = value->len < MAX_VALUE ? MAX_VALUE - value->len : 0;
            memcpy(value->byte + (MAX_VALUE - room), part.p, part.len < room ? part.len : room);
            value->len += part.len;
        }
    }
}

static bool find_areas(const uint8_t *sname, const uint8_t *file, struct reader options,
                       struct areas *areas)
{
    *areas = (struct areas){.reader = {options}, .count = 1};
    if (!is_well_formed(options)) {
        return false;
    }
    struct value overload;
    gather(areas, DHCP_OPTION_OVERLOAD, &overload);
    if (overload.len == 0) {
        return true;
    }
    if (overload.len != 1 || overload.byte[0] == 0 ||
        overload.byte[0] > (OVERLOAD_FILE | OVERLOAD_SNAME)) {
        return false; /* RFC 2132 9.3: 1, 2 or 3 */
    }
    /* RFC 2131 4.1: the options field first, then 'file', then 'sname' */
    if (overload.byte[0] & OVERLOAD_FILE) {
        areas->reader[areas->count++] = reader_of(file, FILE_LEN);
    }
    if (overload.byte[0] & OVERLOAD_SNAME) {
        areas->reader[areas->count++] = reader_of(sname, SNAME_LEN);
    }
    for (size_t i = 1; i < areas->count; i++) {
        if (!is_well_formed(areas->reader[i])) {
            return false;
        }
    }
    return true;
}

static bool read_addresses(const struct value *value, size_t most, uint8_t *to)
{
    struct reader r = reader_of(value->byte, value->len < MAX_VALUE ? value->len : MAX_VALUE);
    for (size_t i = 0; i < most && i * 4 < value->len; i++) {
        uint32_t number = read_u32(&r);
        memcpy(to + i * sizeof number, &number, sizeof number);
    }
    return value->len % 4 == 0;
}

/* RFC 2132 2: text is NVT ASCII, and trailing NULs are to be deleted. What is not printable becomes
 * '?': these bytes come from strangers and end on terminals. */
static void read_text(const struct value *value, uint8_t *to)
{
    for (size_t i = 0; i < value->len && i < DHCP_MAX_TEXT - 1 && value->byte[i] != 0; i++) {
        to[i] = value->byte[i] >= ' ' && value->byte[i] <= '~' ? value->byte[i] : '?';
    }
}

/* A longer list of parameters is cut.
 * DEVIATES: a client id longer than we keep (RFC 2132 allows 255 bytes) counts as not sent, so that
 * the client is known by its MAC: cutting it could make two clients one. */
static bool read_blob(const struct option_field *field, const struct value *value,
                      struct dhcp_message *message)
{
    if (value->len < field->min_len) {
        return false;
    }
    size_t len = value->len;
    if (len > DHCP_MAX_BLOB) {
        len = field->code == DHCP_OPTION_CLIENT_ID ? 0 : DHCP_MAX_BLOB;
    }
    uint8_t *base = (uint8_t *)message;
    base[field->len_offset] = (uint8_t)len;
    memcpy(base + field->offset, value->byte, len);
    return true;
}

/* False when the value does not look as its shape demands. */
static bool read_field(const struct option_field *field, const struct areas *areas,
                       struct dhcp_message *message)
{
    struct value value;
    gather(areas, field->code, &value);
    uint8_t *to = (uint8_t *)message + field->offset;
    if (value.len == 0) {
        return true;
    }
    switch ((enum shape)field->shape) {
    case SHAPE_U8:
        *to = value.byte[0];
        return value.len == 1;
    case SHAPE_U32:
        return read_addresses(&value, 1, to) && value.len == 4;
    case SHAPE_ADDRESSES:
        return read_addresses(&value, DHCP_MAX_ADDRESSES, to);
    case SHAPE_TEXT:
        read_text(&value, to);
        return true;
    case SHAPE_BLOB:
        return read_blob(field, &value, message);
    }
    return false;
}

void dhcp_emit(struct writer *w, const struct dhcp_message *message)
{
    const uint8_t *start = w->p;
    write_u8(w, message->op);
    write_u8(w, HTYPE_ETHERNET);
    write_u8(w, sizeof message->chaddr.byte);
    write_u8(w, message->hops);
    write_u32(w, message->xid);
    write_u16(w, message->secs);
    write_u16(w, message->broadcast ? FLAG_BROADCAST : 0);
    write_u32(w, message->ciaddr);
    write_u32(w, message->yiaddr);
    write_u32(w, message->siaddr);
    write_u32(w, message->giaddr);
    write_copy(w, message->chaddr.byte, sizeof message->chaddr.byte);
    write_zeros(w, CHADDR_LEN - sizeof message->chaddr.byte + SNAME_LEN + FILE_LEN);
    write_u32(w, MAGIC_COOKIE);
    for (size_t i = 0; i < N_FIELDS; i++) {
        write_field(w, &FIELDS[i], message);
    }
    write_u8(w, DHCP_OPTION_END);
    if (!w->failed && w->p - start < DHCP_MIN_LEN) {
        write_zeros(w, (size_t)(DHCP_MIN_LEN - (w->p - start)));
    }
}

static uint32_t number_at(const uint8_t *from, size_t i)
{
    uint32_t number;
    memcpy(&number, from + i * sizeof number, sizeof number);
    return number;
}

static void write_addresses(struct writer *w, uint8_t code, const uint8_t *from, size_t most)
{
    size_t count = 0;
    while (count < most && number_at(from, count) != 0) {
        count++;
    }
    if (count == 0) {
        return;
    }
    write_u8(w, code);
    write_u8(w, (uint8_t)(count * 4));
    for (size_t i = 0; i < count; i++) {
        write_u32(w, number_at(from, i));
    }
}

static void write_bytes(struct writer *w, uint8_t code, const uint8_t *from, size_t len)
{
    if (len > 0) {
        write_u8(w, code);
        write_u8(w, (uint8_t)len);
        write_copy(w, from, len);
    }
}

static void write_field(struct writer *w, const struct option_field *field,
                        const struct dhcp_message *message)
{
    const uint8_t *base = (const uint8_t *)message;
    const uint8_t *from = base + field->offset;
    switch ((enum shape)field->shape) {
    case SHAPE_U8:
        write_bytes(w, field->code, from, *from != 0);
        break;
    case SHAPE_U32:
        write_addresses(w, field->code, from, 1);
        break;
    case SHAPE_ADDRESSES:
        write_addresses(w, field->code, from, DHCP_MAX_ADDRESSES);
        break;
    case SHAPE_TEXT:
        write_bytes(w, field->code, from, strnlen((const char *)from, DHCP_MAX_TEXT - 1));
        break;
    case SHAPE_BLOB:
        write_bytes(w, field->code, from, base[field->len_offset]);
        break;
    }
}

const char *dhcp_type_text(uint8_t type)
{
    static const char *const TEXT[] = {
        "BOOTP", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM",
    };
    return type < sizeof TEXT / sizeof TEXT[0] ? TEXT[type] : "?";
}
