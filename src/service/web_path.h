/* From a request target to a file name: the place where a web server is left or not. */
#ifndef SERVICE_WEB_PATH_H
#define SERVICE_WEB_PATH_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* The file that `target` ("/a%20b/?x") names, relative to the root and without a first slash, is
 * appended to `path`: "a b/index.html". *is_folder: the target ended with a slash. Returns 0, or
 * the status to refuse with: 400 for what nobody sends in good faith (a percent sign without two
 * digits, an encoded NUL or slash, a segment ".."), 404 for what no server should show (a segment
 * that begins with a dot, but ".well-known" (RFC 8615)) or that only looks like a path (an empty
 * segment).
 *
 * Decoded once: "%252e%252e" names a file that is really called "%2e%2e". */
uint16_t web_path_resolve(const char *target, struct text *path, bool *is_folder);

#endif
