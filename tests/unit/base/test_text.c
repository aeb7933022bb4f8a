#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static void an_empty_text_is_the_empty_string(void **state)
{
    (void)state;
    struct text text = {0};
    assert_string_equal(text_chars(&text), "");
    text_clear(&text);
    text_add(&text, NULL, 0);
    assert_string_equal(text_chars(&text), "");
    text_fini(&text);
    text_fini(&text); /* twice does no harm */
}

static void text_grows_as_needed(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 10000; i++) {
        text_print(&text, "%d,", i % 10);
    }
    assert_int_equal(text.len, 20000);
    assert_int_equal(strlen(text_chars(&text)), 20000);
    assert_string_equal(text_chars(&text) + 19990, "5,6,7,8,9,");
    text_fini(&text);
}

static void one_piece_may_be_longer_than_the_capacity(void **state)
{
    (void)state;
    struct text text = {0};
    text_print(&text, "<%*s>", 1000, "x");
    assert_int_equal(text.len, 1002);
    assert_string_equal(text_chars(&text) + 1000, "x>");
    text_fini(&text);
}

static void exactly_full_leaves_room_for_the_nul(void **state)
{
    (void)state;
    char chars[200];
    memset(chars, 'x', sizeof chars);
    for (size_t len = 0; len < sizeof chars; len++) {
        struct text text = {0};
        text_add(&text, chars, len);
        assert_int_equal(strlen(text_chars(&text)), len);
        text_print(&text, "%s", "");
        assert_int_equal(strlen(text_chars(&text)), len);
        text_fini(&text);
    }
}

static void text_may_hold_nul(void **state)
{
    (void)state;
    struct text text = {0};
    text_add(&text, "a\0b", 3);
    assert_int_equal(text.len, 3);
    assert_memory_equal(text_chars(&text), "a\0b", 4);
    text_fini(&text);
}

static void clearing_keeps_the_memory(void **state)
{
    (void)state;
    struct text text = {0};
    text_print(&text, "something");
    const char *memory = text.chars;
    text_clear(&text);
    assert_string_equal(text_chars(&text), "");
    text_print(&text, "other");
    assert_ptr_equal(text.chars, memory);
    assert_string_equal(text_chars(&text), "other");
    text_fini(&text);
}

static size_t utf8_encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};
    for (size_t i = more; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(first[more] | code);
    return more + 1;
}

static void every_character_decodes_to_itself(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        char chars[4];
        uint32_t decoded;
        size_t len = utf8_encode(code, chars);
        size_t size = utf8_decode(chars, len, &decoded);
        if (code >= 0xd800 && code <= 0xdfff) { /* surrogates are not characters */
            assert_int_equal(size, 1);
            assert_true(decoded == UTF8_INVALID);
        } else {
            assert_int_equal(size, len);
            assert_int_equal(decoded, code);
        }
    }
}

static void assert_invalid(const char *chars, size_t len)
{
    uint32_t code;
    assert_int_equal(utf8_decode(chars, len, &code), 1);
    assert_true(code == UTF8_INVALID);
}

static void malformed_utf8_is_invalid_byte_by_byte(void **state)
{
    (void)state;
    assert_invalid("\x80", 1);             /* continues nothing */
    assert_invalid("\xff\xff", 2);         /* never occurs */
    assert_invalid("\xc3", 1);             /* cut off */
    assert_invalid("\xe2\x82", 2);         /* cut off */
    assert_invalid("\xf0\x9f\x8c", 3);     /* cut off */
    assert_invalid("\xc3x", 2);            /* not continued */
    assert_invalid("\xc0\x80", 2);         /* longer than needed */
    assert_invalid("\xe0\x9f\xbf", 3);     /* longer than needed */
    assert_invalid("\xf0\x8f\xbf\xbf", 4); /* longer than needed */
    assert_invalid("\xf4\x90\x80\x80", 4); /* above U+10FFFF */
    assert_invalid("\xf8\x88\x80\x80\x80", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_text_is_the_empty_string),
        cmocka_unit_test(text_grows_as_needed),
        cmocka_unit_test(one_piece_may_be_longer_than_the_capacity),
        cmocka_unit_test(exactly_full_leaves_room_for_the_nul),
        cmocka_unit_test(text_may_hold_nul),
        cmocka_unit_test(clearing_keeps_the_memory),
        cmocka_unit_test(every_character_decodes_to_itself),
        cmocka_unit_test(malformed_utf8_is_invalid_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
