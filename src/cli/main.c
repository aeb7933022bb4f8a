#include "cli/cli.h"

#include "config/config.h"
#include "lab/lab_help.h"

#include <stdio.h>
#include <string.h>

static const struct command *const COMMANDS[] = {
    &COMMAND_BROWSE,  &COMMAND_RUN,   &COMMAND_CHECK,
    &COMMAND_RESOLVE, &COMMAND_BENCH, &COMMAND_VERSION,
};
enum { N_COMMANDS = sizeof COMMANDS / sizeof COMMANDS[0] };

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(COMMANDS[i]->name, name) == 0) {
            return COMMANDS[i];
        }
    }
    return NULL;
}

static void print_help(void)
{
    struct text text = {0};
    text_print(&text,
               "Orrery: a working Internet in one process.\n\nusage: orrery COMMAND ...\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        text_print(&text, "  %-9s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    }
    text_print(&text, "  %-9s %s\n", "help",
               "this text; `help COMMAND` for one command, `help lab` for lab files");
    text_print(&text, "\nexit status: 0 all held, 1 an expectation failed, 2 the call or a file is "
                      "wrong,\n             3 a real-time run was too late to judge\n");
    cli_print(&text);
}

static int complain_unknown(const char *name)
{
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++) {
        names[i] = COMMANDS[i]->name;
    }
    const char *meant = config_suggest(name, names, N_COMMANDS);
    cli_complain("there is no command '%s'%s%s%s; see orrery help", name,
                 meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    return EXIT_BAD_CALL;
}

static int help(int argc, char **argv)
{
    const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
    if (argc > 1 && strcmp(argv[1], "lab") == 0) {
        struct text text = {0};
        lab_print_help(&text);
        cli_print(&text);
        return EXIT_HELD;
    }
    if (argc > 1 && !command) {
        return complain_unknown(argv[1]);
    }
    if (!command) {
        print_help();
        return EXIT_HELD;
    }
    struct text text = {0};
    options_print_help(&text, command);
    cli_print(&text);
    return EXIT_HELD;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help();
        return EXIT_BAD_CALL;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return help(argc - 1, argv + 1);
    }
    const struct command *command = find_command(strcmp(name, "--version") == 0 ? "version" : name);
    if (!command) {
        return complain_unknown(name);
    }
    if (asks_for_help(argc - 1, argv + 1)) {
        struct text text = {0};
        options_print_help(&text, command);
        cli_print(&text);
        return EXIT_HELD;
    }
    return command->run(argc - 1, argv + 1);
}
