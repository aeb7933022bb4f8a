#include "cli/cli.h"

#include "lab/report.h"

#include <jansson.h>
#include <yaml.h>

static int run(int argc, char **argv)
{
    struct options options;
    if (!options_parse(&COMMAND_VERSION, argc, argv, &options)) {
        return EXIT_BAD_CALL;
    }
    struct text text = {0};
    text_print(&text, "orrery %s\nwith ", ORRERY_VERSION);
    report_print_libraries(&text);
    text_print(&text, ", libyaml %s, jansson %s\n", yaml_get_version_string(), JANSSON_VERSION);
    cli_print(&text);
    return EXIT_HELD;
}

const struct command COMMAND_VERSION = {
    .name = "version",
    .arguments = "",
    .summary = "prints the program's version and those of its libraries",
    .options = "",
    .run = run,
};
