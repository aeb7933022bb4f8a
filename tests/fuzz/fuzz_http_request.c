/* Any bytes as HTTP/1.1 requests. */
#include "fuzz.h"

#include "fuzz_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_splits(data, size, NULL);
    return 0;
}
