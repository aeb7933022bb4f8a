/* Problems: lines of text that a person reads in a terminal and acts on.
 *
 * Pieces of the file appear in them, and the file may come from anybody: control characters are
 * spelled out and long pieces cut. Only the first CONFIG_MAX_PROBLEMS are kept; behind them stands
 * how many more there are, rewritten with each.
 */
#include "config/config_internal.h"

#include <string.h>

/* C0, DEL and, in UTF-8, C1: all that can steer a terminal. */
static size_t control_len(const unsigned char *p)
{
    if (p[0] < 0x20 || p[0] == 0x7f) {
        return 1;
    }
    return p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

static void add_visible(struct text *to, const char *chars)
{
    const unsigned char *p = (const unsigned char *)chars;
    while (*p) {
        size_t len = control_len(p);
        if (len == 0) {
            text_add(to, (const char *)p, 1);
            p++;
        } else if (*p == '\n') {
            text_add(to, "\\n", 2);
            p++;
        } else {
            text_print(to, "\\x%02x", p[len - 1]);
            p += len;
        }
    }
}

__attribute__((format(printf, 4, 0))) static void show_problem(struct config_file *file,
                                                               uint32_t line, uint32_t column,
                                                               const char *format, va_list args)
{
    struct text message = {0};
    text_vprint(&message, format, args);
    text_print(&file->problems, "%s:", file->name);
    if (line > 0) {
        text_print(&file->problems, "%u:%u:", line, column);
    }
    text_add(&file->problems, " ", 1);
    add_visible(&file->problems, text_chars(&message));
    text_add(&file->problems, "\n", 1);
    text_fini(&message);
    file->problems_shown_len = file->problems.len;
}

__attribute__((format(printf, 4, 0))) static void add_problem(struct config_file *file,
                                                              uint32_t line, uint32_t column,
                                                              const char *format, va_list args)
{
    file->n_problems++;
    if (file->n_problems <= CONFIG_MAX_PROBLEMS) {
        show_problem(file, line, column, format, args);
        return;
    }
    file->problems.len = file->problems_shown_len;
    text_print(&file->problems, "%s: and %zu more\n", file->name,
               file->n_problems - CONFIG_MAX_PROBLEMS);
}

void config_problem_at(struct config_file *file, uint32_t line, uint32_t column, const char *format,
                       ...)
{
    va_list args;
    va_start(args, format);
    add_problem(file, line, column, format, args);
    va_end(args);
}

void config_problem(struct config_file *file, const struct config_value *value, const char *format,
                    ...)
{
    va_list args;
    va_start(args, format);
    add_problem(file, value ? value->line : 0, value ? value->column : 0, format, args);
    va_end(args);
}

void config_problem_at_key(struct config_file *file, const struct config_value *value,
                           const char *format, ...)
{
    bool has_key = value && value->key;
    va_list args;
    va_start(args, format);
    if (has_key) {
        add_problem(file, value->key_line, value->key_column, format, args);
    } else {
        add_problem(file, value ? value->line : 0, value ? value->column : 0, format, args);
    }
    va_end(args);
}

const char *config_quote(const char *text, char quote[CONFIG_QUOTE_SIZE])
{
    size_t len = strlen(text);
    if (len < CONFIG_QUOTE_SIZE) {
        memcpy(quote, text, len + 1);
        return quote;
    }
    len = CONFIG_QUOTE_SIZE - sizeof "...";
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--; /* not in the middle of a character */
    }
    memcpy(quote, text, len);
    memcpy(quote + len, "...", sizeof "...");
    return quote;
}
