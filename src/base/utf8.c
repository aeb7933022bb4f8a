#include "base/utf8.h"

/* How many bytes follow a first byte, the bits it carries, and the least code point that needs so
 * many bytes (a longer form than needed is invalid, RFC 3629 section 3). */
struct utf8_form {
    uint8_t mask, first;
    size_t more;
    uint32_t least;
};

static const struct utf8_form FORMS[] = {
    {0x80, 0x00, 0, 0},
    {0xe0, 0xc0, 1, 0x80},
    {0xf0, 0xe0, 2, 0x800},
    {0xf8, 0xf0, 3, 0x10000},
};

static size_t utf8_decode_form(const struct utf8_form *form, const uint8_t *p, size_t len,
                               uint32_t *code)
{
    if (form->more >= len) {
        return 1;
    }
    uint32_t value = p[0] & (uint8_t)~form->mask;
    for (size_t i = 1; i <= form->more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 1;
        }
        value = value << 6 | (p[i] & 0x3f);
    }
    /* RFC 3629 section 3: no surrogates, nothing above U+10FFFF */
    if (value < form->least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 1;
    }
    *code = value;
    return form->more + 1;
}

size_t utf8_decode(const char *chars, size_t len, uint32_t *code)
{
    const uint8_t *p = (const uint8_t *)chars;
    *code = UTF8_INVALID;
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        if ((p[0] & FORMS[i].mask) == FORMS[i].first) {
            return utf8_decode_form(&FORMS[i], p, len, code);
        }
    }
    return 1;
}
