#include "cli/cli.h"
#include "cli/lab_file.h"

static int run(int argc, char **argv)
{
    struct options options;
    if (!options_parse(&COMMAND_RESOLVE, argc, argv, &options)) {
        return EXIT_BAD_CALL;
    }
    if (!options.argument) {
        cli_complain("resolve needs a lab file (see orrery resolve --help)");
        return EXIT_BAD_CALL;
    }
    struct lab *lab = lab_file_load(options.argument);
    if (!lab) {
        return EXIT_BAD_CALL;
    }
    struct text text = {0};
    lab_print_resolved(&text, lab);
    cli_print(&text);
    lab_free(lab);
    return EXIT_HELD;
}

const struct command COMMAND_RESOLVE = {
    .name = "resolve",
    .arguments = "FILE",
    .summary = "prints a lab file with every default and assigned address filled in",
    .options = "",
    .help = "What it prints is a lab file too, and loads to the same lab.\n",
    .run = run,
};
