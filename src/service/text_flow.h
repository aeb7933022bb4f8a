/* Text that flows into lines: words are collected, wrapped at a width, indented, and separated by
 * blank lines where blocks ask for them.
 *
 * What comes in is UTF-8 from anywhere; control characters and those that turn the direction of
 * writing are left out, so that no terminal is led astray. A column is one character, but none for
 * combining marks and two for the wide ones of East Asia.
 */
#ifndef SERVICE_TEXT_FLOW_H
#define SERVICE_TEXT_FLOW_H

#include "base/text.h"

#include <stdbool.h>

enum text_align {
    TEXT_LEFT,
    TEXT_CENTER,
    TEXT_RIGHT,
};

struct text_flow {
    struct text *out;
    unsigned width;  /* columns, the indentation included */
    unsigned indent; /* columns */
    enum text_align align;
    /* private */
    struct text line, word, marker;
    unsigned line_columns, word_columns, marker_columns;
    bool blank_is_pending; /* between the line and the next word */
    unsigned blank_lines;  /* wanted before the next line */
    unsigned widest;       /* columns of the widest line since text_flow_reset_widest */
    bool has_output;
};

void text_flow_init(struct text_flow *flow, struct text *out, unsigned width);
void text_flow_fini(struct text_flow *flow); /* ends the last line */

/* Words, separated by white space; a word may go on in the next call. */
void text_flow_add(struct text_flow *flow, const char *chars, size_t len);

/* As it is: line ends are line ends, blanks are blanks. */
void text_flow_add_pre(struct text_flow *flow, const char *chars, size_t len);

void text_flow_break(struct text_flow *flow);      /* the line ends, if it has begun */
void text_flow_new_line(struct text_flow *flow);   /* the line ends, even if it is empty */
void text_flow_blank_line(struct text_flow *flow); /* one before what comes next */

/* Stands before the next line, at the right end of its indentation: "1. ". */
void text_flow_set_marker(struct text_flow *flow, const char *marker);

/* A line of `c` under the lines since text_flow_reset_widest, as wide as the widest. */
void text_flow_reset_widest(struct text_flow *flow);
void text_flow_underline(struct text_flow *flow, char c);

/* Columns that `chars` take. */
unsigned text_columns(const char *chars, size_t len);

#endif
