/* Expected outcomes of calls that can fail for reasons outside the program.
 *
 * A function that can fail returns `enum status` and is marked MUST_CHECK; one that returns a count
 * returns `-status` instead when it fails.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum status {
    STATUS_OK = 0,
    STATUS_AGAIN,       /* nothing now; readiness will be announced */
    STATUS_INVALID,     /* the argument or message makes no sense */
    STATUS_NOT_FOUND,   /* no such name, file, route or record */
    STATUS_LIMIT,       /* a table, buffer or size limit is reached */
    STATUS_IN_USE,      /* the address or port is taken */
    STATUS_REFUSED,     /* the peer said no (RST, ICMP port unreachable, RCODE) */
    STATUS_UNREACHABLE, /* the network said no */
    STATUS_TIMED_OUT,   /* nobody said anything */
    STATUS_RESET,       /* the peer ended an established exchange */
    STATUS_CLOSED,      /* already ended on this side */
    STATUS_PERMISSION,  /* the system does not allow it */
    STATUS_IO,          /* the system failed to do it */
    STATUS_UNSUPPORTED, /* this provider cannot do it */
};

/* A short English phrase, e.g. "timed out". Never NULL. */
const char *status_text(enum status status);

#endif
