/* What the program says to people. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>

void cli_print(struct text *text)
{
    fwrite(text_chars(text), 1, text->len, stdout);
    text_fini(text);
}

void cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("orrery: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}
