/* What a fuzz target implements, for libFuzzer and for replay.c.
 *
 * A target parses `size` bytes as a stranger would send them and uses CHECK() for what must hold
 * whatever they are: what was parsed can be written, what was written parses to the same. `data` is
 * borrowed and must not be changed. Whatever a call allocates it frees. Returns 0.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
