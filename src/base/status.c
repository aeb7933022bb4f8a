#include "base/status.h"

const char *status_text(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return "ok";
    case STATUS_AGAIN:
        return "nothing yet";
    case STATUS_INVALID:
        return "invalid";
    case STATUS_NOT_FOUND:
        return "not found";
    case STATUS_LIMIT:
        return "limit reached";
    case STATUS_IN_USE:
        return "address in use";
    case STATUS_REFUSED:
        return "refused";
    case STATUS_UNREACHABLE:
        return "unreachable";
    case STATUS_TIMED_OUT:
        return "timed out";
    case STATUS_RESET:
        return "reset by peer";
    case STATUS_CLOSED:
        return "closed";
    case STATUS_PERMISSION:
        return "not permitted";
    case STATUS_IO:
        return "input/output error";
    case STATUS_UNSUPPORTED:
        return "not supported";
    }
    return "unknown status";
}
