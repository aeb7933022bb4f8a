/* What the files of config/ share. */
#ifndef CONFIG_CONFIG_INTERNAL_H
#define CONFIG_CONFIG_INTERNAL_H

#include "base/map.h"
#include "config/config.h"

#include <yaml.h>

/* Room for a piece of the file in a message: see config_quote(). */
enum { CONFIG_QUOTE_SIZE = 64 };

/* Like config_problem(), at a position. Line 0: no position. */
void config_problem_at(struct config_file *file, uint32_t line, uint32_t column, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

/* `text`, cut to fit the message with "..." when long. Returns `quote`. */
const char *config_quote(const char *text, char quote[CONFIG_QUOTE_SIZE]);

/* True for "key:value": somebody forgot the space that YAML wants after the colon. */
bool config_lacks_space(const char *text);

/* Frees what a value owns. */
void config_value_fini(struct config_value *value);

/* From key to value, for maps with many keys. Adding returns the value that has the key already
 * (and then changes nothing), or NULL. */
struct map *config_index_new(void);
struct config_value *config_index_add(struct map *index, struct config_value *value);
struct config_value *config_index_find(const struct map *index, const char *key);

/* Reports what libyaml could not read. `chars` is the text that the parser was given. */
void config_report_yaml(struct config_file *file, const yaml_parser_t *parser, const char *chars,
                        size_t len);

#endif
