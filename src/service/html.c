#include "service/html.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "http/message.h"

#include <libxml/HTMLparser.h>
#include <limits.h>
#include <stdlib.h>

enum {
    PARSE_OPTIONS = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                    HTML_PARSE_NONET | HTML_PARSE_NODEFDTD | HTML_PARSE_COMPACT,
};

struct html_document {
    htmlDocPtr tree; /* NULL: nothing could be made of it */
};

static bool is_utf8(struct bytes bytes)
{
    const char *chars = (const char *)bytes.p;
    size_t left = bytes.len;
    while (left > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, left, &code);
        if (code == UTF8_INVALID) {
            return false;
        }
        chars += size;
        left -= size;
    }
    return true;
}

/* Always one that libxml2 has built in: it then looks neither at <meta> nor for the system's. */
static const char *choose_charset(struct bytes bytes, const char *given)
{
    static const char *const BUILT_IN[][2] = {
        {"UTF-8", "UTF-8"},           {"UTF8", "UTF-8"},        {"US-ASCII", "ISO-8859-1"},
        {"ISO-8859-1", "ISO-8859-1"}, {"LATIN1", "ISO-8859-1"},
    };
    for (size_t i = 0; given && i < sizeof BUILT_IN / sizeof BUILT_IN[0]; i++) {
        if (http_text_equal(given, BUILT_IN[i][0])) {
            return BUILT_IN[i][1];
        }
    }
    return is_utf8(bytes) ? "UTF-8" : "ISO-8859-1";
}

struct html_document *html_parse(struct bytes bytes, const char *charset)
{
    struct html_document *document = memory_new(sizeof *document);
    charset = choose_charset(bytes, charset);
    if (bytes.len > 0 && bytes.len <= INT_MAX) {
        document->tree =
            htmlReadMemory((const char *)bytes.p, (int)bytes.len, NULL, charset, PARSE_OPTIONS);
    }
    return document;
}

void html_free(struct html_document *document)
{
    if (document) {
        xmlFreeDoc(document->tree);
        free(document);
    }
}

const xmlNode *html_root(const struct html_document *document)
{
    return document->tree ? xmlDocGetRootElement(document->tree) : NULL;
}

const xmlNode *html_next(const xmlNode *node, const xmlNode *root)
{
    if (node->type == XML_ELEMENT_NODE && node->children) {
        return node->children;
    }
    while (node != root && !node->next) {
        node = node->parent;
    }
    return node == root ? NULL : node->next;
}

const char *html_name(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE ? (const char *)node->name : "";
}

bool html_is(const xmlNode *node, const char *name)
{
    return strcmp(html_name(node), name) == 0;
}

const char *html_attribute(const xmlNode *node, const char *name)
{
    if (node->type != XML_ELEMENT_NODE) {
        return NULL;
    }
    for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
        if (strcmp((const char *)attribute->name, name) == 0) {
            const xmlNode *value = attribute->children;
            return value && value->content ? (const char *)value->content : "";
        }
    }
    return NULL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void print_collapsed(struct text *text, const char *chars, bool *gap)
{
    for (; *chars; chars++) {
        if (is_space(*chars)) {
            *gap = true;
            continue;
        }
        if (*gap && text->len > 0) {
            text_add(text, " ", 1);
        }
        *gap = false;
        text_add(text, chars, 1);
    }
}

void html_print_text(const xmlNode *root, struct text *text)
{
    bool gap = false;
    for (const xmlNode *node = root; node; node = html_next(node, root)) {
        bool is_text = node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
        if (is_text && node->content) {
            print_collapsed(text, (const char *)node->content, &gap);
        }
    }
}

void html_print_title(const struct html_document *document, struct text *text)
{
    const xmlNode *root = html_root(document);
    for (const xmlNode *node = root; node; node = html_next(node, root)) {
        if (html_is(node, "title")) {
            html_print_text(node, text);
            return;
        }
    }
}
