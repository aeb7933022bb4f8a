/* Any bytes as a document with its stylesheets: it is rendered, within its limits, as text that a
 * terminal shows and does not obey. A stylesheet may stand before the document, ended by NUL. */
#include "fuzz.h"

#include "base/check.h"
#include "base/utf8.h"
#include "service/page_find.h"
#include "service/page_text.h"

static void describe_image(void *owner, const char *src, struct text *text)
{
    (void)owner, (void)src;
    text_print(text, "missing");
}

static void on_found(void *owner, enum page_reference kind, const char *href)
{
    size_t *count = owner;
    CHECK(kind <= PAGE_IMAGE && *href);
    (*count)++;
}

static void check_text(const struct text *text)
{
    const char *chars = text_chars(text);
    size_t left = text->len;
    while (left > 0) {
        uint32_t code;
        size_t size = utf8_decode(chars, left, &code);
        CHECK(code != UTF8_INVALID && (code >= 0x20 || code == '\n'));
        CHECK(code < 0x7f || code >= 0xa0);
        chars += size;
        left -= size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct css css = {0};
    struct text text = {0};
    struct text title = {0};
    struct url url;
    struct url base;
    const char *why;
    size_t count = 0;
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t css_len = nul ? (size_t)(nul - data) : 0;
    size_t skip = nul ? css_len + 1 : 0;
    css_add(&css, (const char *)data, css_len);
    CHECK(url_parse("http://a.example/b/c", &url, &why));
    struct html_document *document =
        html_parse((struct bytes){data + skip, size - skip}, size % 3 ? NULL : "ISO-8859-1");
    page_find_base(document, &url, &base);
    page_find_references(document, on_found, &count);
    html_print_title(document, &title);
    struct page_text_config config = {.css = &css, .base = &base, .describe_image = describe_image};
    page_text_render(document, &config, &text);
    check_text(&text);
    html_free(document);
    css_fini(&css);
    url_fini(&url);
    url_fini(&base);
    text_fini(&text);
    text_fini(&title);
    return 0;
}
