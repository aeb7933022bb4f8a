/* Labs for tests, from text. */
#ifndef UNIT_LAB_LAB_TEXT_H
#define UNIT_LAB_LAB_TEXT_H

#include "lab/lab.h"

/* A lab that must load; what is wrong is printed and fails the test. */
struct lab *lab_of(const char *yaml);

/* Loads, whatever comes of it. */
struct lab *lab_try(const char *yaml);

/* The problems of a file named "lab", verbatim and with their newlines: "lab:2:3: ...\n". */
void assert_problems(const char *yaml, const char *expected);

uint32_t node_of(const struct lab *lab, const char *name); /* must exist */

/* The address with prefix length of a node's interface, "by dhcp" or "none". Borrowed until the
 * next call. */
const char *address_of(const struct lab *lab, const char *node, uint32_t number);

/* "0.0.0.0/0 via 198.18.0.1 eth0\n" for each static route of a node. Borrowed likewise. */
const char *routes_of(const struct lab *lab, const char *node);

/* The lab as resolved, owned. */
char *resolved_text(const struct lab *lab);

/* Everything that two labs consist of is the same, but for where it stands in the file. */
void assert_same_lab(const struct lab *a, const struct lab *b);

#endif
