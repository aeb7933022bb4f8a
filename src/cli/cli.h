/* cli/: the program `orrery`, one file per command.
 *
 * This is where an environment (virtual or real), files and byte sinks are picked and handed down.
 * Exit statuses: 0 all held, 1 an expectation (or the page) failed, 2 the call or a file is wrong,
 * 3 a real-time run was too late to judge.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum exit_status {
    EXIT_HELD = 0,
    EXIT_EXPECTATION_FAILED = 1,
    EXIT_BAD_CALL = 2,
    EXIT_TOO_LATE = 3,
};

struct command {
    const char *name;
    const char *arguments;             /* "FILE [options]" */
    const char *summary;               /* one line */
    const char *options;               /* which options it takes: letters of struct option_spec */
    const char *help;                  /* more, for `orrery help NAME`; may be NULL */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command COMMAND_BROWSE, COMMAND_RUN, COMMAND_CHECK, COMMAND_RESOLVE,
    COMMAND_BENCH, COMMAND_VERSION;

struct options {
    const char *argument; /* the one positional argument; NULL: none */
    const char *lab;
    const char *from;
    const char *pcap;
    const char *layers; /* NULL: off */
    bool json, line, trace, realtime;
    bool has_seed, has_until;
    uint64_t seed;
    uint64_t until_ns;
};

/* Parses the options that `command` takes and at most one positional argument. Prints what is wrong
 * and returns false. */
bool options_parse(const struct command *command, int argc, char **argv, struct options *options);
void options_print_help(struct text *text, const struct command *command);

/* Prints to standard output and clears. */
void cli_print(struct text *text);
/* "orrery: ..." to standard error. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
