/* Configuration: a strict subset of YAML, checked against a schema, with positions kept.
 *
 * config_load() turns text into a tree of values that remember line and column: maps (in order,
 * duplicate keys refused), lists and scalars. Anchors, aliases, tags, merge keys, several
 * documents, unquoted text over several lines and keys that are maps or lists are refused. A schema
 * is a table of keys with their types; config_check() walks the tree with it and reports everything
 * that is wrong. Then the getters cannot fail. Labs and gateways both use it.
 *
 * A problem is one line: "lab.yaml:7:12: unknown key 'delai' in a link; did you mean 'delay'?" The
 * position is that of the character, counted from 1; control characters in what is quoted from the
 * file are shown as \x1b, so that a hostile file cannot write to the terminal.
 *
 * "key:" with nothing behind it is an empty map or list where one is expected, and a problem
 * elsewhere.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONFIG_MAX_BYTES = 16 << 20,
    CONFIG_MAX_DEPTH = 32,
    CONFIG_MAX_VALUES = 1 << 20, /* keys included */
    CONFIG_MAX_PROBLEMS = 50,    /* reported; then "and N more" */
};

enum config_kind {
    CONFIG_SCALAR,
    CONFIG_MAP,
    CONFIG_LIST,
};

/* Owned by its file. */
struct config_value {
    enum config_kind kind;
    uint32_t line, column;         /* of the value, from 1 */
    uint32_t key_line, key_column; /* of its key, in a map */
    char *key;                     /* in a map; else NULL */
    char *text;                    /* of a scalar; never NULL there, "" when empty */
    bool is_quoted;                /* of a scalar */
    struct config_value *items;    /* of a map or list */
    size_t n_items;
    struct map *index; /* of a map with many keys, for config_get(); else NULL */
};

struct config_file {
    char *name;                /* for messages */
    struct config_value *root; /* NULL when it could not be loaded */
    struct text problems;      /* one per line, each ended by a newline */
    size_t n_problems;         /* also those beyond CONFIG_MAX_PROBLEMS */
    size_t problems_shown_len; /* of `problems` without its "and N more" */
};

/* Parses `len` bytes of text. Always returns a file; look at n_problems. An empty document has an
 * empty map as root. */
struct config_file *config_load(const char *name, const char *chars, size_t len);
void config_free(struct config_file *file);

/* Adds "name:line:col: message". `value` may be NULL (no position). */
void config_problem(struct config_file *file, const struct config_value *value, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
/* The same, at the value's key. */
void config_problem_at_key(struct config_file *file, const struct config_value *value,
                           const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The closest of `names` to `word` by edit distance, when close enough to be meant; or NULL. */
const char *config_suggest(const char *word, const char *const *names, size_t n_names);

/* --- schemas --- */

enum config_type {
    CONFIG_TEXT,        /* any scalar */
    CONFIG_BOOL,        /* true, false, yes, no, on, off */
    CONFIG_INTEGER,     /* min ... max */
    CONFIG_DURATION,    /* 10ns 20us 10ms 1.5s 2m 1h 1d; nanoseconds; min ... max */
    CONFIG_RATE,        /* 9600bit 10kbit 50mbit 1.5gbit 1tbit; bits per second; "unlimited" is 0 */
    CONFIG_SIZE,        /* 1500 1500B 64KiB 1MB; bytes; min ... max */
    CONFIG_SHARE,       /* 100% 0.5% 0.001; parts per million, at most 1000000 */
    CONFIG_CHOICE,      /* one of `choices` */
    CONFIG_CUSTOM,      /* a scalar that `is_valid` accepts; `expected` says what it is */
    CONFIG_MAP_OF,      /* a map with the keys of `schema` */
    CONFIG_NAMED,       /* a map from any name to values of type `item` */
    CONFIG_LIST_OF,     /* a list of values of type `item` */
    CONFIG_ONE_OR_LIST, /* one value of type `item`, or a list of them */
    CONFIG_ANY,         /* checked by the caller */
};

struct config_schema;

struct config_key {
    const char *name; /* NULL in an `item` */
    enum config_type type;
    const char *help; /* one line, for documentation; NULL: not shown */
    bool is_required;
    uint64_t min, max;          /* max 0: no upper limit */
    const char *const *choices; /* NULL-ended */
    bool (*is_valid)(const char *text);
    const char *expected; /* "an address like 192.0.2.1" */
    const struct config_schema *schema;
    const struct config_key *item;
};

struct config_schema {
    const char *what; /* "a link", for messages */
    const struct config_key *keys;
    size_t n_keys;
};

/* Checks a map against a schema; reports to file. True when nothing was wrong. */
bool config_check(struct config_file *file, const struct config_value *map,
                  const struct config_schema *schema);

/* --- getters, for values that were checked. One that was found wrong reads as absent, so that a
 * caller may look for more problems before it gives up. --- */

/* The value of a key, or NULL. */
const struct config_value *config_get(const struct config_value *map, const char *key);

/* With a default for when the key (or the map itself) is absent. */
const char *config_get_text(const struct config_value *map, const char *key, const char *otherwise);
bool config_get_bool(const struct config_value *map, const char *key, bool otherwise);
uint64_t config_get_integer(const struct config_value *map, const char *key, uint64_t otherwise);
uint64_t config_get_duration(const struct config_value *map, const char *key, uint64_t otherwise);
uint64_t config_get_rate(const struct config_value *map, const char *key, uint64_t otherwise);
uint64_t config_get_size(const struct config_value *map, const char *key, uint64_t otherwise);
uint32_t config_get_share(const struct config_value *map, const char *key, uint32_t otherwise);

/* --- units, by themselves (command-line options use them too); false: not one ---
 *
 * A number is decimal, without sign, exponent, leading zeros or spaces, and directly followed by
 * its unit. It is read exactly: what does not come out as a whole number of nanoseconds, bits per
 * second, bytes or parts per million, or does not fit, is refused. A bare 0 is a duration. A bare
 * share is less than 1, since "1" could mean 1% as well as 100%. */
bool config_parse_bool(const char *text, bool *value);
bool config_parse_integer(const char *text, uint64_t *value);
bool config_parse_duration(const char *text, uint64_t *ns);
bool config_parse_rate(const char *text, uint64_t *bps);
bool config_parse_size(const char *text, uint64_t *bytes);
bool config_parse_share(const char *text, uint32_t *ppm);

/* The shortest form that parses back to the same value and is not below one of its unit: "12ms",
 * "1.5gbit", "64KiB", "0.5%". */
void config_print_duration(struct text *text, uint64_t ns);
void config_print_rate(struct text *text, uint64_t bps);
void config_print_size(struct text *text, uint64_t bytes);
void config_print_share(struct text *text, uint32_t ppm);

#endif
