/* Between the files of the HTTP/1.1 parser: h1_parser.c cuts the stream into lines and bodies,
 * h1_head.c gives the lines of a head their meaning, h1_chunk.c reads the lines of chunks. */
#ifndef HTTP_H1_INTERNAL_H
#define HTTP_H1_INTERNAL_H

#include "http/h1_parser.h"

/* Notes the error; returns false. */
bool h1_fail(struct h1_parser *parser, uint16_t status, const char *text);

/* One line each, without its CRLF. False: h1_fail() was called. */
bool h1_parse_request_line(struct h1_parser *parser, struct bytes line);
bool h1_parse_status_line(struct h1_parser *parser, struct bytes line);
bool h1_parse_field_line(struct h1_parser *parser, struct bytes line, bool is_trailer);

/* The head is complete: checks Host and sets framing and length (RFC 9112 3.2, 6.3). */
bool h1_finish_head(struct h1_parser *parser);

/* chunk-size [ chunk-ext ]; false: not in the form of RFC 9112 7.1. */
bool h1_parse_chunk_line(struct bytes line, uint64_t *size, size_t *extension_len);

#endif
