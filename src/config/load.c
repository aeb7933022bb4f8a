/* Loading: from libyaml's events to a tree that remembers positions.
 *
 * libyaml reads all of YAML 1.1; we keep the part that means what it looks like. Everything else is
 * refused by name, and loading goes on, so that one run reports it all; only what libyaml itself
 * cannot read, and our limits, end it. Duplicate keys are looked for in a second walk over the tree
 * (in the order of the text), when no array moves any more and an index can point at its values.
 *
 * A byte order mark is skipped here, not by libyaml, which would count it as a column.
 */
#include "config/config_internal.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* A map with at least so many keys gets an index. */
enum { INDEX_FROM = 16 };

struct loader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    struct config_file *file;
    const char *chars;
    size_t len;
    size_t n_values;
    bool is_stopped; /* the reason was reported */
};

static struct config_value load_value(struct loader *loader, unsigned depth);

/* Moves on to the next event. False when there is none. */
static bool loader_next(struct loader *loader)
{
    yaml_event_delete(&loader->event);
    if (!loader->is_stopped && !yaml_parser_parse(&loader->parser, &loader->event)) {
        config_report_yaml(loader->file, &loader->parser, loader->chars, loader->len);
        loader->is_stopped = true;
    }
    return !loader->is_stopped;
}

static struct config_value value_at(const yaml_mark_t *mark)
{
    return (struct config_value){.line = (uint32_t)mark->line + 1,
                                 .column = (uint32_t)mark->column + 1};
}

static void refuse_anchor_and_tag(struct loader *loader, const struct config_value *value,
                                  const yaml_char_t *anchor, const yaml_char_t *tag)
{
    char quote[CONFIG_QUOTE_SIZE];
    if (anchor) {
        config_problem(loader->file, value,
                       "anchors ('&%s') are not supported; put text that begins with '&' in quotes",
                       config_quote((const char *)anchor, quote));
    }
    if (tag) {
        config_problem(loader->file, value,
                       "tags ('%s') are not supported; put text that begins with '!' in quotes",
                       config_quote((const char *)tag, quote));
    }
}

/* Unquoted text over several lines is most often a line with wrong indentation. */
static void refuse_several_lines(struct loader *loader, const struct config_value *value)
{
    const char *hint = config_lacks_space(value->text)
                           ? "; a space is missing after ':'"
                           : "; put it in quotes, or correct the indentation";
    config_problem(loader->file, value, "unquoted text goes on in the next line%s", hint);
}

static void load_scalar(struct loader *loader, struct config_value *value)
{
    const yaml_event_t *event = &loader->event;
    const char *chars = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    value->kind = CONFIG_SCALAR;
    value->text = memory_copy_chars(chars, len);
    value->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    refuse_anchor_and_tag(loader, value, event->data.scalar.anchor, event->data.scalar.tag);
    if (strlen(value->text) != len) {
        config_problem(loader->file, value, "text cannot contain the character NUL (\\0)");
    }
    if (!value->is_quoted && event->end_mark.line != event->start_mark.line) {
        refuse_several_lines(loader, value);
    }
}

static void load_alias(struct loader *loader, struct config_value *value)
{
    char quote[CONFIG_QUOTE_SIZE];
    const char *alias = (const char *)loader->event.data.alias.anchor;
    value->kind = CONFIG_SCALAR;
    value->text = memory_copy_text("");
    config_problem(loader->file, value,
                   "aliases ('*%s') are not supported; put text that begins with '*' in quotes",
                   config_quote(alias, quote));
}

static void append_item(struct config_value *parent, size_t *capacity, struct config_value item)
{
    parent->items =
        memory_grow_array(parent->items, parent->n_items, capacity, sizeof *parent->items);
    parent->items[parent->n_items++] = item;
}

static void load_list(struct loader *loader, struct config_value *list, unsigned depth)
{
    size_t capacity = 0;
    list->kind = CONFIG_LIST;
    refuse_anchor_and_tag(loader, list, loader->event.data.sequence_start.anchor,
                          loader->event.data.sequence_start.tag);
    while (loader_next(loader) && loader->event.type != YAML_SEQUENCE_END_EVENT) {
        append_item(list, &capacity, load_value(loader, depth + 1));
    }
}

static bool is_usable_key(struct loader *loader, const struct config_value *key)
{
    if (key->kind != CONFIG_SCALAR) {
        config_problem(loader->file, key, "a key must be a word, not a %s",
                       key->kind == CONFIG_MAP ? "map" : "list");
        return false;
    }
    if (key->text[0] == '\0') {
        config_problem(loader->file, key, "a key cannot be empty");
        return false;
    }
    if (!key->is_quoted && strcmp(key->text, "<<") == 0) {
        config_problem(loader->file, key, "merge keys ('<<') are not supported");
        return false;
    }
    return true;
}

/* The current event is the key's. */
static void load_entry(struct loader *loader, struct config_value *map, size_t *capacity,
                       unsigned depth)
{
    struct config_value key = load_value(loader, depth + 1);
    if (!loader_next(loader)) {
        config_value_fini(&key);
        return;
    }
    struct config_value item = load_value(loader, depth + 1);
    if (!is_usable_key(loader, &key)) {
        config_value_fini(&key);
        config_value_fini(&item);
        return;
    }
    item.key = key.text;
    item.key_line = key.line;
    item.key_column = key.column;
    append_item(map, capacity, item);
}

static void load_map(struct loader *loader, struct config_value *map, unsigned depth)
{
    size_t capacity = 0;
    map->kind = CONFIG_MAP;
    refuse_anchor_and_tag(loader, map, loader->event.data.mapping_start.anchor,
                          loader->event.data.mapping_start.tag);
    while (loader_next(loader) && loader->event.type != YAML_MAPPING_END_EVENT) {
        load_entry(loader, map, &capacity, depth);
    }
}

static void stop_at(struct loader *loader, struct config_value *value, const char *reason,
                    unsigned limit)
{
    config_problem(loader->file, value, "%s %u", reason, limit);
    loader->is_stopped = true;
    value->kind = CONFIG_SCALAR;
    value->text = memory_copy_text("");
}

/* The value that begins with the current event; afterwards its last event is the current one. */
static struct config_value load_value(struct loader *loader, unsigned depth)
{
    struct config_value value = value_at(&loader->event.start_mark);
    if (depth > CONFIG_MAX_DEPTH) {
        stop_at(loader, &value, "maps and lists are nested deeper than", CONFIG_MAX_DEPTH);
    } else if (++loader->n_values > CONFIG_MAX_VALUES) {
        stop_at(loader, &value, "more keys and values than", CONFIG_MAX_VALUES);
    } else if (loader->event.type == YAML_MAPPING_START_EVENT) {
        load_map(loader, &value, depth);
    } else if (loader->event.type == YAML_SEQUENCE_START_EVENT) {
        load_list(loader, &value, depth);
    } else if (loader->event.type == YAML_SCALAR_EVENT) {
        load_scalar(loader, &value);
    } else {
        load_alias(loader, &value);
    }
    return value;
}

static void refuse_directives(struct loader *loader)
{
    const yaml_event_t *event = &loader->event;
    if (event->data.document_start.version_directive ||
        event->data.document_start.tag_directives.start !=
            event->data.document_start.tag_directives.end) {
        struct config_value value = value_at(&event->start_mark);
        config_problem(loader->file, &value, "directives ('%%') are not supported");
    }
}

/* The current event starts the document. */
static void load_document(struct loader *loader)
{
    refuse_directives(loader);
    if (!loader_next(loader)) {
        return;
    }
    struct config_value *root = loader->file->root;
    *root = load_value(loader, 1);
    if (root->kind == CONFIG_SCALAR && root->text[0] == '\0' && !root->is_quoted) {
        root->kind = CONFIG_MAP; /* "---" and nothing more */
        free(root->text);
        root->text = NULL;
    }
    bool at_end = loader_next(loader) && loader_next(loader);
    if (at_end && loader->event.type == YAML_DOCUMENT_START_EVENT) {
        struct config_value value = value_at(&loader->event.start_mark);
        config_problem(loader->file, &value, "a second document begins here; a file holds one");
    }
}

static void report_duplicate(struct config_file *file, const struct config_value *item,
                             const struct config_value *first)
{
    char quote[CONFIG_QUOTE_SIZE];
    config_problem_at_key(file, item, "'%s' is here twice; the first is at line %u, column %u",
                          config_quote(item->key, quote), first->key_line, first->key_column);
}

/* The first of the items before `item` with its key, or NULL. */
static const struct config_value *find_earlier(struct config_value *map, struct config_value *item)
{
    if (map->index) {
        return config_index_add(map->index, item);
    }
    for (const struct config_value *other = map->items; other < item; other++) {
        if (strcmp(other->key, item->key) == 0) {
            return other;
        }
    }
    return NULL;
}

/* Indexes big maps and reports duplicate keys, in the order of the text. */
static void walk_keys(struct config_file *file, struct config_value *value)
{
    if (value->kind == CONFIG_MAP && value->n_items >= INDEX_FROM) {
        value->index = config_index_new();
    }
    for (size_t i = 0; i < value->n_items; i++) {
        struct config_value *item = &value->items[i];
        if (value->kind == CONFIG_MAP) {
            const struct config_value *first = find_earlier(value, item);
            if (first) {
                report_duplicate(file, item, first);
            }
        }
        walk_keys(file, item);
    }
}

static void load_stream(struct loader *loader)
{
    struct config_file *file = loader->file;
    file->root = memory_new(sizeof *file->root);
    *file->root = (struct config_value){.kind = CONFIG_MAP, .line = 1, .column = 1};
    bool has_document = loader_next(loader) && loader_next(loader) &&
                        loader->event.type == YAML_DOCUMENT_START_EVENT;
    if (has_document) {
        load_document(loader);
    }
    walk_keys(file, file->root);
    if (loader->is_stopped) { /* half a tree would only lead to more complaints */
        config_value_fini(file->root);
        free(file->root);
        file->root = NULL;
    }
}

struct config_file *config_load(const char *name, const char *chars, size_t len)
{
    struct config_file *file = memory_new(sizeof *file);
    file->name = memory_copy_text(name);
    if (len > CONFIG_MAX_BYTES) {
        config_problem(file, NULL, "the file has %zu bytes; at most %d are read", len,
                       CONFIG_MAX_BYTES);
        return file;
    }
    if (len >= 3 && memcmp(chars, "\xef\xbb\xbf", 3) == 0) {
        chars += 3;
        len -= 3;
    }
    struct loader loader = {.file = file, .chars = chars, .len = len};
    if (!yaml_parser_initialize(&loader.parser)) {
        config_problem(file, NULL, "out of memory");
        return file;
    }
    yaml_parser_set_encoding(&loader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&loader.parser, (const unsigned char *)chars, len);
    load_stream(&loader);
    yaml_event_delete(&loader.event);
    yaml_parser_delete(&loader.parser);
    return file;
}
