/* CHECK(): our own bugs stop the program, in every build, and say where.
 *
 * Bad input from the network or from a person is never a CHECK: it is a drop reason or a message.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stdint.h>

/* Remembers the seed of the world being run, so that a failed CHECK can name it. */
void check_set_seed(uint64_t seed);

_Noreturn void check_failed(const char *file, int line, const char *condition);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            check_failed(__FILE__, __LINE__, #condition);                                          \
        }                                                                                          \
    } while (0)

#endif
