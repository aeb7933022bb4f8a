/* One function per kind of element; what a parent imposes comes down in struct page_context, by
 * value, so that nothing has to be put back. Limits: depth, nodes and links; what lies beyond them
 * is left out, and the text says so.
 */
#include "service/page_text_internal.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>

enum { LIST_INDENT = 2, NUMBER_INDENT = 4, QUOTE_INDENT = 4, RULE_COLUMNS = 40 };

static void render_node(struct page_renderer *renderer, const xmlNode *node,
                        struct page_context context);

static void add(const struct page_context *context, const char *chars)
{
    text_flow_add(context->flow, chars, strlen(chars));
}

/* --- text --- */

/* Letters of ASCII, Latin-1, Greek and Cyrillic, where upper and lower case are a fixed distance
 * apart. DEVIATES: CSS Text 3 section 2.1 has all of Unicode, with special cases by language. */
static uint32_t to_upper(uint32_t code)
{
    bool is_ascii = code >= 'a' && code <= 'z';
    bool is_latin = code >= 0xe0 && code <= 0xfe && code != 0xf7;
    bool is_greek = code >= 0x3b1 && code <= 0x3c9 && code != 0x3c2;
    bool is_cyrillic = code >= 0x430 && code <= 0x44f;
    bool is_extended = code >= 0x450 && code <= 0x45f;
    return is_ascii || is_latin || is_greek || is_cyrillic ? code - 0x20
           : is_extended                                   ? code - 0x50
                                                           : code;
}

static uint32_t to_lower(uint32_t code)
{
    bool is_ascii = code >= 'A' && code <= 'Z';
    bool is_latin = code >= 0xc0 && code <= 0xde && code != 0xd7;
    bool is_greek = code >= 0x391 && code <= 0x3a9;
    bool is_cyrillic = code >= 0x410 && code <= 0x42f;
    bool is_extended = code >= 0x400 && code <= 0x40f;
    return is_ascii || is_latin || is_greek || is_cyrillic ? code + 0x20
           : is_extended                                   ? code + 0x50
                                                           : code;
}

/* Only codes that to_upper and to_lower return: at most two bytes. */
static void add_code(struct text *text, uint32_t code)
{
    char bytes[2] = {(char)(0xc0 | code >> 6), (char)(0x80 | (code & 0x3f))};
    char single = (char)code;
    if (code < 0x80) {
        text_add(text, &single, 1);
    } else {
        text_add(text, bytes, 2);
    }
}

static void transform(struct text *text, const char *chars, enum css_keyword how)
{
    bool is_start = true;
    size_t left = strlen(chars);
    while (left > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, left, &code);
        bool makes_upper = how == CSS_UPPERCASE || (how == CSS_CAPITALIZE && is_start);
        uint32_t changed = makes_upper            ? to_upper(code)
                           : how == CSS_LOWERCASE ? to_lower(code)
                                                  : code;
        if (changed != code) {
            add_code(text, changed);
        } else {
            text_add(text, chars, size);
        }
        is_start = *chars == ' ' || *chars == '\n' || *chars == '\t';
        chars += size;
        left -= size;
    }
}

static void add_styled(const struct page_context *context, const char *chars, size_t len)
{
    if (context->white_space == CSS_PRE) {
        text_flow_add_pre(context->flow, chars, len);
    } else {
        text_flow_add(context->flow, chars, len);
    }
}

static void render_text(const char *chars, const struct page_context *context)
{
    if (context->transform == CSS_NONE) {
        add_styled(context, chars, strlen(chars));
        return;
    }
    struct text changed = {0};
    transform(&changed, chars, context->transform);
    add_styled(context, text_chars(&changed), changed.len);
    text_fini(&changed);
}

/* --- elements with a meaning of their own --- */

static void render_heading(struct page_renderer *renderer, const xmlNode *node,
                           struct page_context context)
{
    static const char LINES[] = "=-~...";
    char line = LINES[(html_name(node)[1] - '1') % 6];
    text_flow_blank_line(context.flow);
    text_flow_reset_widest(context.flow);
    page_render_children(renderer, node, context);
    text_flow_underline(context.flow, line);
    text_flow_blank_line(context.flow);
}

static void render_paragraph(struct page_renderer *renderer, const xmlNode *node,
                             struct page_context context)
{
    text_flow_blank_line(context.flow);
    page_render_children(renderer, node, context);
    text_flow_blank_line(context.flow);
}

static void render_block(struct page_renderer *renderer, const xmlNode *node,
                         struct page_context context)
{
    text_flow_break(context.flow);
    page_render_children(renderer, node, context);
    text_flow_break(context.flow);
}

static void render_indented(struct page_renderer *renderer, const xmlNode *node,
                            struct page_context context)
{
    text_flow_break(context.flow);
    context.flow->indent += QUOTE_INDENT;
    page_render_children(renderer, node, context);
    text_flow_break(context.flow);
    context.flow->indent -= QUOTE_INDENT;
}

static void render_quote(struct page_renderer *renderer, const xmlNode *node,
                         struct page_context context)
{
    text_flow_blank_line(context.flow);
    render_indented(renderer, node, context);
    text_flow_blank_line(context.flow);
}

static void render_pre(struct page_renderer *renderer, const xmlNode *node,
                       struct page_context context)
{
    const xmlNode *child = node->children;
    context.white_space = CSS_PRE;
    text_flow_blank_line(context.flow);
    if (child && child->type == XML_TEXT_NODE && child->content && child->content[0] == '\n') {
        /* a line end right behind the tag is none (HTML 13.2.6.4.7) */
        render_text((const char *)child->content + 1, &context);
        child = child->next;
    }
    for (; child; child = child->next) {
        render_node(renderer, child, context);
    }
    text_flow_blank_line(context.flow);
}

static void render_break(struct page_renderer *renderer, const xmlNode *node,
                         struct page_context context)
{
    (void)renderer, (void)node;
    text_flow_new_line(context.flow);
}

static void render_rule(struct page_renderer *renderer, const xmlNode *node,
                        struct page_context context)
{
    (void)renderer, (void)node;
    text_flow_blank_line(context.flow);
    for (int i = 0; i < RULE_COLUMNS; i++) {
        text_flow_add(context.flow, "-", 1);
    }
    text_flow_blank_line(context.flow);
}

/* --- lists --- */

static void render_list(struct page_renderer *renderer, const xmlNode *node,
                        struct page_context context)
{
    const char *start = html_attribute(node, "start");
    unsigned number = start ? (unsigned)strtoul(start, NULL, 10) % 100000 : 1;
    bool is_ordered = html_is(node, "ol");
    unsigned indent = is_ordered ? NUMBER_INDENT : LIST_INDENT;
    bool is_outer = context.list_depth++ == 0;
    context.number = is_ordered ? &number : NULL;
    if (is_outer) {
        text_flow_blank_line(context.flow);
    } else {
        text_flow_break(context.flow);
    }
    context.flow->indent += indent;
    page_render_children(renderer, node, context);
    text_flow_break(context.flow);
    context.flow->indent -= indent;
    if (is_outer) {
        text_flow_blank_line(context.flow);
    }
}

static void render_item(struct page_renderer *renderer, const xmlNode *node,
                        struct page_context context)
{
    char marker[16] = "* ";
    if (context.number) {
        snprintf(marker, sizeof marker, "%u. ", (*context.number)++);
    }
    text_flow_break(context.flow);
    if (context.list_style != CSS_NONE) {
        text_flow_set_marker(context.flow, marker);
    }
    page_render_children(renderer, node, context);
    text_flow_break(context.flow);
}

/* --- links, images, forms --- */

/* The number of the link to `url`, which is taken over; 0: there are too many. */
static size_t number_link(struct page_renderer *renderer, char *url)
{
    for (size_t i = 0; i < renderer->n_links; i++) {
        if (strcmp(renderer->links[i], url) == 0) {
            free(url);
            return i + 1;
        }
    }
    if (renderer->n_links == PAGE_MAX_LINKS) {
        free(url);
        return 0;
    }
    renderer->links = memory_grow_array(renderer->links, renderer->n_links,
                                        &renderer->links_capacity, sizeof *renderer->links);
    renderer->links[renderer->n_links] = url;
    return ++renderer->n_links;
}

/* "[n]" behind the link's text; links within the page and those of scripts go nowhere in print. */
static void render_link(struct page_renderer *renderer, const xmlNode *node,
                        struct page_context context)
{
    const char *href = html_attribute(node, "href");
    struct text target = {0};
    struct url url;
    const char *why;
    page_render_children(renderer, node, context);
    if (!href || href[0] == '#' || strncmp(href, "javascript:", 11) == 0) {
        return;
    }
    if (url_resolve(renderer->config->base, href, &url, &why)) {
        url_print(&target, &url);
        url_fini(&url);
    } else {
        text_print(&target, "%s", href); /* mailto: and the like */
    }
    size_t number = number_link(renderer, memory_copy_text(text_chars(&target)));
    text_clear(&target);
    if (number > 0) {
        text_print(&target, "[%zu]", number);
        add(&context, text_chars(&target));
    }
    text_fini(&target);
}

static void render_image(struct page_renderer *renderer, const xmlNode *node,
                         struct page_context context)
{
    const char *alt = html_attribute(node, "alt");
    const char *src = html_attribute(node, "src");
    struct text text = {0};
    text_print(&text, "[image%s", alt && *alt ? ": " : "");
    text_print(&text, "%s (", alt ? alt : "");
    if (src && *src) {
        renderer->config->describe_image(renderer->config->owner, src, &text);
    } else {
        text_print(&text, "missing");
    }
    text_print(&text, ")]");
    add(&context, text_chars(&text));
    text_fini(&text);
}

static void render_input(struct page_renderer *renderer, const xmlNode *node,
                         struct page_context context)
{
    const char *type = html_attribute(node, "type");
    const char *value = html_attribute(node, "value");
    bool is_box = type && (strcmp(type, "checkbox") == 0 || strcmp(type, "radio") == 0);
    (void)renderer;
    if (type && strcmp(type, "hidden") == 0) {
        return;
    }
    add(&context, "[");
    if (is_box) {
        add(&context, html_attribute(node, "checked") ? "x" : "_");
    } else {
        add(&context, value && *value ? value : "____");
    }
    add(&context, "]");
}

static void render_button(struct page_renderer *renderer, const xmlNode *node,
                          struct page_context context)
{
    add(&context, "[");
    page_render_children(renderer, node, context);
    add(&context, "]");
}

/* Of a choice, what is chosen: the option that says so, else the first. */
static void render_select(struct page_renderer *renderer, const xmlNode *node,
                          struct page_context context)
{
    const xmlNode *chosen = NULL;
    for (const xmlNode *n = html_next(node, node); n; n = html_next(n, node)) {
        bool is_chosen = html_is(n, "option") && (!chosen || html_attribute(n, "selected"));
        chosen = is_chosen ? n : chosen;
    }
    add(&context, "[");
    if (chosen) {
        page_render_children(renderer, chosen, context);
    }
    add(&context, "]");
}

static void render_nothing(struct page_renderer *renderer, const xmlNode *node,
                           struct page_context context)
{
    (void)renderer, (void)node, (void)context;
}

/* --- which is which --- */

typedef void (*element_render)(struct page_renderer *renderer, const xmlNode *node,
                               struct page_context context);

static const struct {
    const char *name;
    element_render render;
} ELEMENTS[] = {
    {"h1", render_heading},       {"h2", render_heading},       {"h3", render_heading},
    {"h4", render_heading},       {"h5", render_heading},       {"h6", render_heading},
    {"p", render_paragraph},      {"ul", render_list},          {"ol", render_list},
    {"menu", render_list},        {"li", render_item},          {"a", render_link},
    {"img", render_image},        {"br", render_break},         {"hr", render_rule},
    {"pre", render_pre},          {"table", page_render_table}, {"blockquote", render_quote},
    {"dl", render_paragraph},     {"figure", render_paragraph}, {"fieldset", render_paragraph},
    {"form", render_paragraph},   {"dd", render_indented},      {"input", render_input},
    {"button", render_button},    {"select", render_select},    {"address", render_block},
    {"article", render_block},    {"aside", render_block},      {"body", render_block},
    {"center", render_block},     {"details", render_block},    {"div", render_block},
    {"dt", render_block},         {"figcaption", render_block}, {"footer", render_block},
    {"header", render_block},     {"html", render_block},       {"legend", render_block},
    {"main", render_block},       {"nav", render_block},        {"section", render_block},
    {"summary", render_block},    {"caption", render_block},    {"tr", render_block},
    {"head", render_nothing},     {"script", render_nothing},   {"style", render_nothing},
    {"template", render_nothing}, {"title", render_nothing},    {"iframe", render_nothing},
    {"object", render_nothing},   {"svg", render_nothing},      {"audio", render_nothing},
    {"video", render_nothing},    {"link", render_nothing},     {"meta", render_nothing},
};

static element_render find_render(const xmlNode *node)
{
    for (size_t i = 0; i < sizeof ELEMENTS / sizeof ELEMENTS[0]; i++) {
        if (html_is(node, ELEMENTS[i].name)) {
            return ELEMENTS[i].render;
        }
    }
    return page_render_children; /* inline, and what nobody knows */
}

struct css_style page_style_of(const struct page_renderer *renderer, const xmlNode *node)
{
    struct css_element element = {
        .name = html_name(node),
        .id = html_attribute(node, "id"),
        .classes = html_attribute(node, "class"),
        .style = html_attribute(node, "style"),
    };
    return css_style_of(renderer->config->css, &element);
}

static void inherit(enum css_keyword *from_parent, enum css_keyword own)
{
    *from_parent = own != CSS_UNSET ? own : *from_parent;
}

static enum text_align align_of(enum css_keyword keyword)
{
    return keyword == CSS_CENTER ? TEXT_CENTER : keyword == CSS_RIGHT ? TEXT_RIGHT : TEXT_LEFT;
}

static element_render choose_render(const xmlNode *node, enum css_keyword display)
{
    element_render own = find_render(node);
    if (own == render_nothing || display == CSS_NONE || html_attribute(node, "hidden")) {
        return render_nothing;
    }
    if (display == CSS_BLOCK && own == page_render_children) {
        return render_block;
    }
    bool is_plain_block = own == render_block || own == render_paragraph || own == render_item;
    return display == CSS_INLINE && is_plain_block ? page_render_children : own;
}

static void render_element(struct page_renderer *renderer, const xmlNode *node,
                           struct page_context context)
{
    struct css_style style = page_style_of(renderer, node);
    element_render render = choose_render(node, style.keyword[CSS_DISPLAY]);
    enum text_align align = context.flow->align;
    bool is_aligned = style.keyword[CSS_TEXT_ALIGN] != CSS_UNSET && render != page_render_children;
    inherit(&context.transform, style.keyword[CSS_TEXT_TRANSFORM]);
    inherit(&context.white_space, style.keyword[CSS_WHITE_SPACE]);
    inherit(&context.list_style, style.keyword[CSS_LIST_STYLE]);
    if (is_aligned) {
        text_flow_break(context.flow);
        context.flow->align = align_of(style.keyword[CSS_TEXT_ALIGN]);
    }
    render(renderer, node, context);
    if (is_aligned) {
        text_flow_break(context.flow);
        context.flow->align = align;
    }
}

static void render_node(struct page_renderer *renderer, const xmlNode *node,
                        struct page_context context)
{
    if (renderer->nodes_left == 0 || context.depth >= PAGE_MAX_DEPTH) {
        return;
    }
    renderer->nodes_left--;
    context.depth++;
    if (node->type == XML_ELEMENT_NODE) {
        render_element(renderer, node, context);
    } else if (node->type == XML_TEXT_NODE && node->content) {
        render_text((const char *)node->content, &context);
    }
}

void page_render_children(struct page_renderer *renderer, const xmlNode *node,
                          struct page_context context)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        render_node(renderer, child, context);
    }
}

/* --- the page --- */

static void render_link_list(const struct page_renderer *renderer, struct text_flow *flow)
{
    if (renderer->n_links == 0) {
        return;
    }
    text_flow_blank_line(flow);
    add(&(struct page_context){.flow = flow}, "Links:");
    text_flow_break(flow);
    flow->width = UINT16_MAX; /* an address that is cut is no use */
    for (size_t i = 0; i < renderer->n_links; i++) {
        struct text line = {0};
        text_print(&line, "[%zu] %s", i + 1, renderer->links[i]);
        text_flow_add(flow, line.chars, line.len);
        text_flow_break(flow);
        text_fini(&line);
    }
}

void page_text_render(const struct html_document *document, const struct page_text_config *config,
                      struct text *out)
{
    struct page_renderer renderer = {.config = config, .nodes_left = PAGE_MAX_NODES};
    const xmlNode *root = html_root(document);
    struct text_flow flow;
    text_flow_init(&flow, out, PAGE_COLUMNS);
    struct page_context context = {
        .flow = &flow, .transform = CSS_NONE, .white_space = CSS_NORMAL, .list_style = CSS_NORMAL};
    if (root) {
        render_node(&renderer, root, context);
    }
    if (renderer.nodes_left == 0) {
        text_flow_blank_line(&flow);
        add(&context, "[the page is too long to be shown whole]");
    }
    render_link_list(&renderer, &flow);
    text_flow_fini(&flow);
    for (size_t i = 0; i < renderer.n_links; i++) {
        free(renderer.links[i]);
    }
    free(renderer.links);
}
