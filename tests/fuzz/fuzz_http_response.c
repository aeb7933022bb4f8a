/* Any bytes as HTTP/1.1 responses; the first byte says what was asked. */
#include "fuzz.h"

#include "fuzz_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const METHODS[] = {"GET", "HEAD", "CONNECT"};
    if (size > 0) {
        check_splits(data + 1, size - 1, METHODS[data[0] % 3]);
    }
    return 0;
}
