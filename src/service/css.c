#include "service/css.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "http/message.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_PARTS = 8,       /* of one selector */
    MAX_MEDIA_DEPTH = 4, /* @media within @media */
    WEIGHT_TYPE = 1,
    WEIGHT_CLASS = 1 << 8,
    WEIGHT_ID = 1 << 16,
    WEIGHT_ATTRIBUTE = 1 << 24, /* style="" */
    WEIGHT_IMPORTANT = 1 << 25,
};

/* A selector: each part is a string whose first character tells its kind: 't' type, '.', '#'. */
struct css_rule {
    char *chars; /* owned; the parts, each ended by NUL */
    unsigned n_parts;
    uint32_t weight;
    struct css_style style;
};

struct span {
    const char *p;
    size_t len;
};

static const struct {
    const char *property, *value;
    enum css_property which;
    enum css_keyword keyword;
} DECLARATIONS[] = {
    {"display", "none", CSS_DISPLAY, CSS_NONE},
    {"display", "block", CSS_DISPLAY, CSS_BLOCK},
    {"display", "list-item", CSS_DISPLAY, CSS_BLOCK},
    {"display", "flex", CSS_DISPLAY, CSS_BLOCK},
    {"display", "grid", CSS_DISPLAY, CSS_BLOCK},
    {"display", "inline", CSS_DISPLAY, CSS_INLINE},
    {"display", "inline-block", CSS_DISPLAY, CSS_INLINE},
    {"text-transform", "none", CSS_TEXT_TRANSFORM, CSS_NONE},
    {"text-transform", "uppercase", CSS_TEXT_TRANSFORM, CSS_UPPERCASE},
    {"text-transform", "lowercase", CSS_TEXT_TRANSFORM, CSS_LOWERCASE},
    {"text-transform", "capitalize", CSS_TEXT_TRANSFORM, CSS_CAPITALIZE},
    {"white-space", "normal", CSS_WHITE_SPACE, CSS_NORMAL},
    {"white-space", "pre", CSS_WHITE_SPACE, CSS_PRE},
    {"white-space", "pre-wrap", CSS_WHITE_SPACE, CSS_PRE},
    {"list-style", "none", CSS_LIST_STYLE, CSS_NONE},
    {"list-style", "disc", CSS_LIST_STYLE, CSS_NORMAL},
    {"list-style", "decimal", CSS_LIST_STYLE, CSS_NORMAL},
    {"list-style-type", "none", CSS_LIST_STYLE, CSS_NONE},
    {"list-style-type", "disc", CSS_LIST_STYLE, CSS_NORMAL},
    {"list-style-type", "decimal", CSS_LIST_STYLE, CSS_NORMAL},
    {"text-align", "left", CSS_TEXT_ALIGN, CSS_LEFT},
    {"text-align", "start", CSS_TEXT_ALIGN, CSS_LEFT},
    {"text-align", "center", CSS_TEXT_ALIGN, CSS_CENTER},
    {"text-align", "right", CSS_TEXT_ALIGN, CSS_RIGHT},
    {"text-align", "end", CSS_TEXT_ALIGN, CSS_RIGHT},
};

void css_fini(struct css *css)
{
    for (size_t i = 0; i < css->count; i++) {
        free(css->rules[i].chars);
    }
    free(css->rules);
    *css = (struct css){0};
}

/* --- characters --- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || (unsigned char)c >= 0x80;
}

static struct span trim(struct span span)
{
    while (span.len > 0 && is_blank(span.p[0])) {
        span = (struct span){span.p + 1, span.len - 1};
    }
    while (span.len > 0 && is_blank(span.p[span.len - 1])) {
        span.len--;
    }
    return span;
}

static bool span_is(struct span span, const char *text)
{
    return http_chars_equal(span.p, span.len, text, strlen(text));
}

/* Up to one of `stops` outside of strings and brackets, or to the end; then past it. */
static struct span take_until(struct span *rest, const char *stops, char *stopped_at)
{
    struct span taken = {rest->p, 0};
    char quote = '\0';
    int depth = 0;
    *stopped_at = '\0';
    for (; taken.len < rest->len; taken.len++) {
        char c = rest->p[taken.len];
        if (c == '\\' && taken.len + 1 < rest->len) {
            taken.len++;
        } else if (quote) {
            quote = c == quote || c == '\n' ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (depth == 0 && c && strchr(stops, c)) {
            *stopped_at = c;
            break;
        } else {
            depth += (c == '(' || c == '[') - (depth > 0 && (c == ')' || c == ']'));
        }
    }
    size_t past = taken.len + (*stopped_at != '\0');
    *rest = (struct span){rest->p + past, rest->len - past};
    return taken;
}

/* The inside of a block whose "{" has been taken, blocks within included. */
static struct span take_block(struct span *rest)
{
    struct span block = {rest->p, 0};
    const char *end = rest->p;
    unsigned depth = 1;
    char at;
    while (depth > 0) {
        struct span part = take_until(rest, "{}", &at);
        end = part.p + part.len;
        if (at == '\0') {
            break;
        }
        depth += at == '{' ? 1U : -1U;
    }
    block.len = (size_t)(end - block.p);
    return block;
}

/* --- declarations --- */

static void set_keyword(struct css_style *style, enum css_property which, enum css_keyword keyword,
                        uint32_t weight)
{
    if (weight >= style->weight[which]) {
        style->keyword[which] = keyword;
        style->weight[which] = weight;
    }
}

static void parse_declaration(struct css_style *style, struct span declaration, uint32_t weight)
{
    char at;
    struct span value = declaration;
    struct span property = trim(take_until(&value, ":", &at));
    struct span keyword = trim(take_until(&value, "!", &at));
    if (at == '!' && span_is(trim(value), "important")) {
        weight += WEIGHT_IMPORTANT;
    }
    for (size_t i = 0; i < sizeof DECLARATIONS / sizeof DECLARATIONS[0]; i++) {
        if (span_is(property, DECLARATIONS[i].property) &&
            span_is(keyword, DECLARATIONS[i].value)) {
            set_keyword(style, DECLARATIONS[i].which, DECLARATIONS[i].keyword, weight);
        }
    }
}

static void parse_declarations(struct css_style *style, struct span block, uint32_t weight)
{
    char at;
    while (block.len > 0) {
        parse_declaration(style, take_until(&block, ";", &at), weight);
    }
}

/* --- selectors --- */

static uint32_t weight_of(char kind)
{
    return kind == '#' ? WEIGHT_ID : kind == '.' ? WEIGHT_CLASS : WEIGHT_TYPE;
}

/* Cuts the next part off *rest; '\0': there is none that we know. */
static char take_part(struct span *rest, struct span *name)
{
    char kind = rest->p[0] == '#' || rest->p[0] == '.' ? rest->p[0] : 't';
    size_t start = kind != 't';
    size_t end = start;
    while (end < rest->len && is_name_char(rest->p[end])) {
        end++;
    }
    *name = (struct span){rest->p + start, end - start};
    *rest = (struct span){rest->p + end, rest->len - end};
    return name->len > 0 ? kind : '\0';
}

/* Into `rule`, zeroed. False: a selector that we do not understand, or none. */
static bool parse_selector(struct span selector, struct css_rule *rule)
{
    char *chars = memory_new(selector.len * 2 + 1);
    char *end = chars;
    bool is_universal = selector.len > 0 && selector.p[0] == '*';
    if (is_universal) {
        selector = (struct span){selector.p + 1, selector.len - 1};
    }
    while (selector.len > 0) {
        struct span name;
        char kind = take_part(&selector, &name);
        bool is_misplaced = kind == 't' && (rule->n_parts > 0 || is_universal);
        if (!kind || is_misplaced || rule->n_parts == MAX_PARTS) {
            free(chars);
            return false;
        }
        *end++ = kind;
        memcpy(end, name.p, name.len);
        end += name.len;
        *end++ = '\0';
        rule->n_parts++;
        rule->weight += weight_of(kind);
    }
    rule->chars = chars;
    if (rule->n_parts == 0 && !is_universal) {
        free(chars);
        return false;
    }
    return true;
}

static void add_rules(struct css *css, struct span selectors, struct span block)
{
    char at;
    while (selectors.len > 0 && css->count < CSS_MAX_RULES) {
        struct css_rule rule = {0};
        if (!parse_selector(trim(take_until(&selectors, ",", &at)), &rule)) {
            continue;
        }
        parse_declarations(&rule.style, block, rule.weight);
        css->rules = memory_grow_array(css->rules, css->count, &css->capacity, sizeof *css->rules);
        css->rules[css->count++] = rule;
    }
}

/* --- stylesheets --- */

static void parse_sheet(struct css *css, struct span sheet, unsigned depth);

static void parse_at_rule(struct css *css, struct span *sheet, unsigned depth)
{
    char at;
    struct span prelude = trim(take_until(sheet, ";{", &at));
    if (at != '{') {
        return;
    }
    struct span block = take_block(sheet);
    bool is_shown = span_is(prelude, "@media all") || span_is(prelude, "@media screen");
    if (is_shown && depth < MAX_MEDIA_DEPTH) {
        parse_sheet(css, block, depth + 1);
    }
}

static void parse_sheet(struct css *css, struct span sheet, unsigned depth)
{
    char at;
    for (sheet = trim(sheet); sheet.len > 0; sheet = trim(sheet)) {
        if (sheet.p[0] == '@') {
            parse_at_rule(css, &sheet, depth);
            continue;
        }
        struct span selectors = take_until(&sheet, "{", &at);
        if (at != '{') {
            return;
        }
        add_rules(css, selectors, take_block(&sheet));
    }
}

/* A copy where each comment is a blank (CSS 2.2 4.1.9); comments are none within strings. */
static char *without_comments(const char *chars, size_t len)
{
    char *copy = memory_new(len + 1);
    char quote = '\0';
    for (size_t i = 0; i < len; i++) {
        char c = chars[i];
        if (!quote && c == '/' && i + 1 < len && chars[i + 1] == '*') {
            const char *end = memmem(chars + i + 2, len - i - 2, "*/", 2);
            size_t past = end ? (size_t)(end - chars) + 2 : len;
            memset(copy + i, ' ', past - i);
            i = past - 1;
            continue;
        }
        copy[i] = c ? c : ' ';
        quote =
            quote ? (c == quote || c == '\n' ? '\0' : quote) : (c == '"' || c == '\'' ? c : '\0');
    }
    return copy;
}

void css_add(struct css *css, const char *chars, size_t len)
{
    char *copy = without_comments(chars, len);
    parse_sheet(css, (struct span){copy, len}, 0);
    free(copy);
}

/* --- matching --- */

static bool has_class(const char *classes, const char *name)
{
    size_t len = strlen(name);
    while (classes && *classes) {
        classes += strspn(classes, " \t\n\r\f");
        size_t n = strcspn(classes, " \t\n\r\f");
        if (n == len && memcmp(classes, name, len) == 0) {
            return true;
        }
        classes += n;
    }
    return false;
}

static bool part_matches(const char *part, const struct css_element *element)
{
    switch (part[0]) {
    case '#':
        return element->id && strcmp(element->id, part + 1) == 0;
    case '.':
        return has_class(element->classes, part + 1);
    default:
        return http_text_equal(element->name, part + 1);
    }
}

static bool rule_matches(const struct css_rule *rule, const struct css_element *element)
{
    const char *part = rule->chars;
    for (unsigned i = 0; i < rule->n_parts; i++) {
        if (!part_matches(part, element)) {
            return false;
        }
        part += strlen(part) + 1;
    }
    return true;
}

struct css_style css_style_of(const struct css *css, const struct css_element *element)
{
    struct css_style style = {0};
    for (size_t i = 0; i < css->count; i++) {
        const struct css_rule *rule = &css->rules[i];
        if (!rule_matches(rule, element)) {
            continue;
        }
        for (int which = 0; which < CSS_PROPERTIES; which++) {
            if (rule->style.keyword[which] != CSS_UNSET) {
                set_keyword(&style, (enum css_property)which, rule->style.keyword[which],
                            rule->style.weight[which]);
            }
        }
    }
    if (element->style) {
        struct span block = {element->style, strlen(element->style)};
        parse_declarations(&style, block, WEIGHT_ATTRIBUTE);
    }
    return style;
}
