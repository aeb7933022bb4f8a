/* Dates as HTTP writes them (RFC 9110 5.6.7: IMF-fixdate). */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <stdint.h>

enum { HTTP_DATE_SIZE = 32 };

/* "Sun, 06 Nov 1994 08:49:37 GMT", into `buffer` of HTTP_DATE_SIZE, which is returned. */
char *http_date_print(uint64_t unix_s, char *buffer);

#endif
