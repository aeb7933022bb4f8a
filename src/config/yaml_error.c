/* What libyaml could not read, said so that a person can correct it.
 *
 * libyaml reports in the words of its grammar ("did not find expected key") and sometimes a line
 * too late. A table turns each complaint into what most likely happened, at the place where it has
 * to be corrected; a few look at the text around that place first.
 */
#include "config/config_internal.h"

#include <ctype.h>
#include <string.h>

enum place {
    AT_PROBLEM, /* where libyaml noticed */
    AT_CONTEXT, /* where the thing began */
    AT_VALUE,   /* where libyaml noticed; if that is a ':', its key is missing */
};

struct complaint {
    const char *context; /* the beginning of libyaml's words; NULL: any */
    const char *problem;
    enum place place;
    const char *message; /* NULL: see explain() */
};

static const struct complaint complaints[] = {
    {"while scanning a simple key", "could not find expected ':'", AT_CONTEXT, NULL},
    {NULL, "found character that cannot start any token", AT_PROBLEM, NULL},
    {"while parsing a block mapping", "did not find expected key", AT_PROBLEM, NULL},
    {NULL, "found a tab character", AT_PROBLEM, "a tab is used for indentation; use spaces"},
    {NULL, "mapping values are not allowed", AT_PROBLEM,
     "a ':' cannot stand here; put the text in quotes, or correct the indentation"},
    {NULL, "block sequence entries are not allowed", AT_PROBLEM,
     "a list item ('- ') cannot begin here; put it on a line of its own"},
    {"while scanning a quoted scalar", "found unexpected", AT_CONTEXT,
     "the quote that begins here is never closed"},
    {NULL, "found unknown escape", AT_PROBLEM,
     "unknown escape in double quotes; in single quotes '\\' is an ordinary character"},
    {NULL, "did not find expected hexdecimal number", AT_PROBLEM,
     "a hexadecimal number is expected after this escape"},
    {NULL, "did not find expected ',' or ']'", AT_CONTEXT,
     "the list that begins here lacks a ',' or its ']'"},
    {NULL, "did not find expected ',' or '}'", AT_CONTEXT,
     "the map that begins here lacks a ',' or its '}'"},
    {NULL, "did not find expected '-' indicator", AT_PROBLEM,
     "a list item ('- ') is expected here; correct the indentation"},
    {NULL, "did not find expected node content", AT_VALUE,
     "a value is expected here; put text that begins with this character in quotes"},
    {NULL, "did not find expected <document start>", AT_PROBLEM,
     "text behind the end of the map; is there a bracket too many?"},
    {"while scanning an alias", "", AT_CONTEXT, "put text that begins with '*' in quotes"},
    {"while scanning an anchor", "", AT_CONTEXT, "put text that begins with '&' in quotes"},
    {"while scanning a tag", "", AT_CONTEXT, "put text that begins with '!' in quotes"},
    {"while parsing a tag", "", AT_CONTEXT, "put text that begins with '!' in quotes"},
    {"while scanning a directive", "", AT_CONTEXT, "directives ('%') are not supported"},
    {"while scanning a %", "", AT_CONTEXT, "directives ('%') are not supported"},
    {"while scanning a block scalar", "", AT_CONTEXT,
     "only an indented text can follow '|' or '>', from the next line on"},
};

struct position {
    const char *at; /* in the text; at most its end */
    const char *end;
    uint32_t line, column;
};

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Steps over one character, counting. CR LF is one line break. */
static void position_advance(struct position *position)
{
    char c = *position->at++;
    bool ends_line =
        c == '\n' || (c == '\r' && (position->at == position->end || *position->at != '\n'));
    if (ends_line) {
        position->line++;
        position->column = 1;
    } else if (!is_continuation(c)) {
        position->column++;
    }
}

static struct position position_at_offset(const char *chars, size_t len, size_t offset)
{
    struct position position = {chars, chars + len, 1, 1};
    while (position.at < position.end && position.at < chars + offset) {
        position_advance(&position);
    }
    return position;
}

static struct position position_at_mark(const char *chars, size_t len, const yaml_mark_t *mark)
{
    struct position position = {chars, chars + len, 1, 1};
    while (position.at < position.end &&
           (position.line <= mark->line ||
            (position.line == mark->line + 1 && position.column <= mark->column) ||
            is_continuation(*position.at))) {
        position_advance(&position);
    }
    position.line = (uint32_t)mark->line + 1; /* also where libyaml knows more line breaks */
    position.column = (uint32_t)mark->column + 1;
    return position;
}

static char position_char(const struct position *position)
{
    return position->at < position->end ? *position->at : '\0';
}

static bool position_is_first_in_line(const char *chars, const struct position *position)
{
    const char *p = position->at;
    while (p > chars && p[-1] == ' ') {
        p--;
    }
    return p == chars || p[-1] == '\n' || p[-1] == '\r';
}

bool config_lacks_space(const char *text)
{
    size_t len = 0;
    while (isalnum((unsigned char)text[len]) || text[len] == '_' || text[len] == '-') {
        len++;
    }
    return len > 0 && text[len] == ':' && text[len + 1] != '\0' &&
           !isspace((unsigned char)text[len + 1]) && text[len + 1] != '/';
}

static void report_no_colon(struct config_file *file, const struct position *position)
{
    char word[CONFIG_QUOTE_SIZE];
    size_t len = 0;
    while (len + 1 < sizeof word && position->at + len < position->end &&
           !strchr("\r\n\t #", position->at[len])) {
        word[len] = position->at[len];
        len++;
    }
    word[len] = '\0';
    if (config_lacks_space(word)) {
        config_problem_at(file, position->line, position->column,
                          "a space is missing after ':' in '%s'", word);
    } else {
        config_problem_at(file, position->line, position->column,
                          "a ':' is missing after '%s', or the indentation is wrong", word);
    }
}

/* Complaints whose meaning depends on what stands there. */
static void explain(struct config_file *file, const struct complaint *complaint, const char *chars,
                    const struct position *position)
{
    char c = position_char(position);
    uint32_t line = position->line, column = position->column;
    if (complaint->place == AT_CONTEXT) {
        report_no_colon(file, position);
    } else if (c == ':') {
        config_problem_at(file, line, column, "a key is missing before ':'");
    } else if (c == '\t') {
        config_problem_at(file, line, column, "a tab is used for indentation; use spaces");
    } else if (c != '\0' && strchr("@`%", c)) {
        config_problem_at(file, line, column, "put text that begins with '%c' in quotes", c);
    } else if (position_is_first_in_line(chars, position)) {
        config_problem_at(file, line, column, "the indentation of this line fits no line above it");
    } else {
        config_problem_at(file, line, column,
                          "unexpected text behind the value; put all of it in quotes");
    }
}

static bool complaint_fits(const struct complaint *complaint, const yaml_parser_t *parser)
{
    const char *context = complaint->context ? complaint->context : "";
    return strncmp(parser->problem, complaint->problem, strlen(complaint->problem)) == 0 &&
           strncmp(parser->context ? parser->context : "", context, strlen(context)) == 0;
}

/* libyaml's reader knows bytes, not lines. */
static void report_bytes(struct config_file *file, const yaml_parser_t *parser, const char *chars,
                         size_t len)
{
    struct position position = position_at_offset(chars, len, parser->problem_offset);
    bool is_utf16 =
        len >= 2 && (memcmp(chars, "\xff\xfe", 2) == 0 || memcmp(chars, "\xfe\xff", 2) == 0);
    if (is_utf16) {
        config_problem_at(file, 1, 1, "the text is UTF-16; save it as UTF-8");
    } else if (strncmp(parser->problem, "control characters", 18) == 0) {
        config_problem_at(file, position.line, position.column,
                          "the control character 0x%02x is not allowed",
                          (unsigned)parser->problem_value);
    } else {
        config_problem_at(file, position.line, position.column, "this is not text in UTF-8 (%s)",
                          parser->problem);
    }
}

void config_report_yaml(struct config_file *file, const yaml_parser_t *parser, const char *chars,
                        size_t len)
{
    if (parser->error == YAML_READER_ERROR) {
        report_bytes(file, parser, chars, len);
        return;
    }
    if (!parser->problem) {
        config_problem(file, NULL, "out of memory");
        return;
    }
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        const struct complaint *complaint = &complaints[i];
        if (!complaint_fits(complaint, parser)) {
            continue;
        }
        bool at_context = complaint->place == AT_CONTEXT;
        struct position position = position_at_mark(
            chars, len, at_context ? &parser->context_mark : &parser->problem_mark);
        bool lacks_key = complaint->place == AT_VALUE && position_char(&position) == ':';
        if (complaint->message && !lacks_key) {
            config_problem_at(file, position.line, position.column, "%s", complaint->message);
        } else {
            explain(file, complaint, chars, &position);
        }
        return;
    }
    config_problem_at(file, (uint32_t)parser->problem_mark.line + 1,
                      (uint32_t)parser->problem_mark.column + 1, "cannot be read as YAML: %s",
                      parser->problem);
}
