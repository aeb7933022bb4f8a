/* The part of CSS that text can show.
 *
 * Understood: rules whose selectors are made of a type, classes and an id (`p`, `.note`, `#top`,
 * `p.note.big`, `*`) and lists of them; `@media` with `all` or `screen` and nothing else; the
 * properties and values below; `!important`; the cascade by specificity and order (CSS 2.2 section
 * 6.4). Anything else is skipped as CSS says errors are: the selector, the declaration or the
 * at-rule. That includes combinators, pseudo-classes, attributes, variables and @import.
 */
#ifndef SERVICE_CSS_H
#define SERVICE_CSS_H

#include <stddef.h>
#include <stdint.h>

enum css_property {
    CSS_DISPLAY,        /* NONE, BLOCK, INLINE */
    CSS_TEXT_TRANSFORM, /* NONE, UPPERCASE, LOWERCASE, CAPITALIZE; inherited */
    CSS_WHITE_SPACE,    /* NORMAL, PRE; inherited */
    CSS_LIST_STYLE,     /* NONE, NORMAL; inherited */
    CSS_TEXT_ALIGN,     /* LEFT, CENTER, RIGHT; inherited */
    CSS_PROPERTIES,
};

enum css_keyword {
    CSS_UNSET,
    CSS_NONE,
    CSS_BLOCK,
    CSS_INLINE,
    CSS_NORMAL,
    CSS_PRE,
    CSS_UPPERCASE,
    CSS_LOWERCASE,
    CSS_CAPITALIZE,
    CSS_LEFT,
    CSS_CENTER,
    CSS_RIGHT,
};

/* What the declarations say for one element: a keyword per property, and how much it weighs. */
struct css_style {
    enum css_keyword keyword[CSS_PROPERTIES];
    uint32_t weight[CSS_PROPERTIES];
};

enum { CSS_MAX_RULES = 1000 }; /* further ones are ignored */

struct css_rule;

/* Zero-initialise to start. */
struct css {
    struct css_rule *rules;
    size_t count, capacity;
};

void css_fini(struct css *css);

/* Adds the rules of one stylesheet, behind those that are there. */
void css_add(struct css *css, const char *chars, size_t len);

/* An element as selectors see it; NULL for an attribute that it does not have. */
struct css_element {
    const char *name, *id, *classes, *style;
};
struct css_style css_style_of(const struct css *css, const struct css_element *element);

#endif
