/* Any text as a URL, and as a reference in a document: what is understood and printed must be
 * understood as the same again. */
#include "fuzz.h"

#include "base/check.h"
#include "base/memory.h"
#include "http/url.h"
#include "service/web_path.h"

#include <stdlib.h>
#include <string.h>

static void check_url(const struct url *url)
{
    struct text once = {0};
    struct text twice = {0};
    struct text target = {0};
    struct text path = {0};
    struct url again;
    const char *why = NULL;
    bool is_folder;
    url_print(&once, url);
    if (once.len <= URL_MAX) { /* encoding makes it longer */
        CHECK(url_parse(text_chars(&once), &again, &why));
        url_print(&twice, &again);
        CHECK(strcmp(text_chars(&once), text_chars(&twice)) == 0);
        CHECK(url_same_origin(url, &again));
        url_fini(&again);
    }
    CHECK(url->path[0] == '/' && !strstr(url->path, "/../") && !strstr(url->path, "/./"));
    url_print_target(&target, url);
    if (web_path_resolve(text_chars(&target), &path, &is_folder) == 0) {
        CHECK(strlen(text_chars(&path)) == path.len && text_chars(&path)[0] != '/');
        CHECK(!strstr(text_chars(&path), "/../") && strncmp(text_chars(&path), "../", 3) != 0);
    }
    text_fini(&once);
    text_fini(&twice);
    text_fini(&target);
    text_fini(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memory_copy_chars((const char *)data, size);
    const char *why = NULL;
    struct url base;
    struct url url;
    if (url_parse(text, &url, &why)) {
        check_url(&url);
        url_fini(&url);
    } else {
        CHECK(why);
    }
    CHECK(url_parse("http://a.example/b/c?d#e", &base, &why));
    if (url_resolve(&base, text, &url, &why)) {
        check_url(&url);
        url_fini(&url);
    }
    url_fini(&base);
    free(text);
    return 0;
}
