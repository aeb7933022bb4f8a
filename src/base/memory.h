/* Memory from the heap that either comes or ends the program: a network of ours never runs on after
 * a failed allocation. Everything a peer can make us allocate has a limit of its own, checked
 * first.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

void *memory_new(size_t size);                     /* zeroed; release with free() */
void *memory_new_array(size_t count, size_t size); /* zeroed; checks the product */
void *memory_resize(void *p, size_t size);         /* realloc */
void *memory_copy(const void *from, size_t size);
char *memory_copy_text(const char *text);
char *memory_copy_chars(const char *chars, size_t len); /* adds the NUL */

/* Grows an array so that index `count` exists: doubles *capacity as often as needed. */
void *memory_grow_array(void *array, size_t count, size_t *capacity, size_t item_size);

#endif
