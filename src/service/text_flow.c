#include "service/text_flow.h"

#include "base/utf8.h"

#include <string.h>

enum { TAB_COLUMNS = 8, NO_BREAK_SPACE = 0xa0 };

/* --- characters --- */

/* Combining marks and what has no width at all. */
static bool is_zero_width(uint32_t code)
{
    return (code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200d) ||
           (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0x20d0 && code <= 0x20ff);
}

static bool is_wide(uint32_t code)
{
    return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
           (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
           (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
           (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

/* What a terminal would obey instead of showing: controls, and marks of direction (Unicode UAX 9).
 */
static bool is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff || code == UTF8_INVALID;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static unsigned columns_of(uint32_t code)
{
    return is_zero_width(code) ? 0 : is_wide(code) ? 2 : 1;
}

unsigned text_columns(const char *chars, size_t len)
{
    unsigned columns = 0;
    while (len > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, len, &code);
        columns += columns_of(code);
        chars += size;
        len -= size;
    }
    return columns;
}

/* --- lines --- */

void text_flow_init(struct text_flow *flow, struct text *out, unsigned width)
{
    *flow = (struct text_flow){.out = out, .width = width};
}

void text_flow_fini(struct text_flow *flow)
{
    text_flow_break(flow);
    text_fini(&flow->line);
    text_fini(&flow->word);
    text_fini(&flow->marker);
}

static unsigned available(const struct text_flow *flow)
{
    return flow->width > flow->indent + 8 ? flow->width - flow->indent : 8;
}

static void add_repeated(struct text *text, char c, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        text_add(text, &c, 1);
    }
}

static void emit_margin(struct text_flow *flow)
{
    unsigned room = available(flow);
    unsigned spare = flow->line_columns < room ? room - flow->line_columns : 0;
    unsigned shift = flow->align == TEXT_CENTER ? spare / 2 : flow->align == TEXT_RIGHT ? spare : 0;
    unsigned blanks = flow->indent > flow->marker_columns ? flow->indent - flow->marker_columns : 0;
    bool is_empty = flow->line_columns == 0 && flow->marker_columns == 0;
    add_repeated(flow->out, ' ', is_empty ? 0 : blanks);
    text_add(flow->out, text_chars(&flow->marker), flow->marker.len);
    add_repeated(flow->out, ' ', is_empty ? 0 : shift);
    text_clear(&flow->marker);
    flow->marker_columns = 0;
}

static void emit_line(struct text_flow *flow)
{
    if (flow->has_output) {
        add_repeated(flow->out, '\n', flow->blank_lines);
    }
    flow->blank_lines = 0;
    flow->has_output = true;
    emit_margin(flow);
    text_add(flow->out, text_chars(&flow->line), flow->line.len);
    text_add(flow->out, "\n", 1);
    flow->widest = flow->line_columns > flow->widest ? flow->line_columns : flow->widest;
    text_clear(&flow->line);
    flow->line_columns = 0;
    flow->blank_is_pending = false;
}

static void line_add(struct text_flow *flow, const char *chars, size_t len, unsigned columns)
{
    text_add(&flow->line, chars, len);
    flow->line_columns += columns;
}

/* A word that no line can hold is cut. */
static void line_add_long(struct text_flow *flow, const char *chars, size_t len)
{
    while (len > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, len, &code);
        unsigned columns = columns_of(code);
        if (flow->line_columns + columns > available(flow)) {
            emit_line(flow);
        }
        line_add(flow, chars, size, columns);
        chars += size;
        len -= size;
    }
}

static void end_word(struct text_flow *flow)
{
    unsigned gap = flow->blank_is_pending && flow->line.len > 0;
    if (flow->word.len == 0) {
        return;
    }
    if (flow->line.len > 0 && flow->line_columns + gap + flow->word_columns > available(flow)) {
        emit_line(flow);
    } else if (gap) {
        line_add(flow, " ", 1, 1);
    }
    line_add_long(flow, flow->word.chars, flow->word.len);
    text_clear(&flow->word);
    flow->word_columns = 0;
    flow->blank_is_pending = false;
}

/* --- adding --- */

void text_flow_add(struct text_flow *flow, const char *chars, size_t len)
{
    while (len > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, len, &code);
        if (is_space(*chars)) {
            end_word(flow);
            flow->blank_is_pending = true;
        } else if (code == NO_BREAK_SPACE) {
            text_add(&flow->word, " ", 1);
            flow->word_columns++;
        } else if (!is_unsafe(code)) {
            text_add(&flow->word, chars, size);
            flow->word_columns += columns_of(code);
        }
        chars += size;
        len -= size;
    }
}

void text_flow_add_pre(struct text_flow *flow, const char *chars, size_t len)
{
    end_word(flow);
    while (len > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, len, &code);
        if (code == '\n') {
            emit_line(flow);
        } else if (code == '\t') {
            unsigned columns = TAB_COLUMNS - flow->line_columns % TAB_COLUMNS;
            add_repeated(&flow->line, ' ', columns);
            flow->line_columns += columns;
        } else if (!is_unsafe(code)) {
            line_add(flow, chars, size, columns_of(code));
        }
        chars += size;
        len -= size;
    }
}

void text_flow_break(struct text_flow *flow)
{
    end_word(flow);
    if (flow->line.len > 0 || flow->marker.len > 0) {
        emit_line(flow);
    }
    flow->blank_is_pending = false;
}

void text_flow_new_line(struct text_flow *flow)
{
    end_word(flow);
    emit_line(flow);
}

void text_flow_blank_line(struct text_flow *flow)
{
    text_flow_break(flow);
    flow->blank_lines = 1;
}

void text_flow_set_marker(struct text_flow *flow, const char *marker)
{
    text_flow_break(flow);
    text_add(&flow->marker, marker, strlen(marker));
    flow->marker_columns = text_columns(marker, strlen(marker));
}

void text_flow_reset_widest(struct text_flow *flow)
{
    text_flow_break(flow);
    flow->widest = 0;
}

void text_flow_underline(struct text_flow *flow, char c)
{
    text_flow_break(flow);
    unsigned columns = flow->widest;
    if (columns > 0) {
        add_repeated(&flow->line, c, columns);
        flow->line_columns = columns;
        emit_line(flow);
    }
}
