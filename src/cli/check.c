#include "cli/cli.h"
#include "cli/lab_file.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
    struct options options;
    if (!options_parse(&COMMAND_CHECK, argc, argv, &options)) {
        return EXIT_BAD_CALL;
    }
    if (!options.argument) {
        cli_complain("check needs a lab file (see orrery check --help)");
        return EXIT_BAD_CALL;
    }
    struct lab *lab = lab_file_load(options.argument);
    if (!lab) {
        return EXIT_BAD_CALL;
    }
    printf("%s is fine: %zu nodes, %zu links, %zu subnets, %zu expectations\n", options.argument,
           lab->n_nodes, lab->n_links, lab->n_segments, lab->n_expects);
    lab_free(lab);
    return EXIT_HELD;
}

const struct command COMMAND_CHECK = {
    .name = "check",
    .arguments = "FILE",
    .summary = "says what is wrong with a lab file, and starts nothing",
    .options = "",
    .run = run,
};
