/* The options of all commands, in one table, so that each is spelled and explained the same way. */
#include "cli/cli.h"

#include "config/config.h"

#include <stdio.h>
#include <string.h>

struct option_spec {
    char letter; /* how commands name it in struct command */
    const char *name;
    const char *value; /* NULL: a flag; "[X]": optional, after '=' */
    const char *help;
    bool (*set)(struct options *options, const char *value);
    const char *expected;
};

static bool set_seed(struct options *options, const char *value)
{
    options->has_seed = config_parse_integer(value, &options->seed);
    return options->has_seed;
}

static bool set_until(struct options *options, const char *value)
{
    options->has_until = config_parse_duration(value, &options->until_ns);
    return options->has_until;
}

static bool set_lab(struct options *options, const char *value)
{
    options->lab = value;
    return true;
}

static bool set_from(struct options *options, const char *value)
{
    options->from = value;
    return true;
}

static bool set_pcap(struct options *options, const char *value)
{
    options->pcap = value;
    return true;
}

static bool set_layers(struct options *options, const char *value)
{
    options->layers = value ? value : "request";
    return true;
}

static bool set_json(struct options *options, const char *value)
{
    (void)value;
    options->json = true;
    return true;
}

static bool set_line(struct options *options, const char *value)
{
    (void)value;
    options->line = true;
    return true;
}

static bool set_trace(struct options *options, const char *value)
{
    (void)value;
    options->trace = true;
    return true;
}

static bool set_realtime(struct options *options, const char *value)
{
    (void)value;
    options->realtime = true;
    return true;
}

static const struct option_spec OPTIONS[] = {
    {'l', "--lab", "FILE", "the lab to use [the one installed with the program]", set_lab, NULL},
    {'f', "--from", "NODE", "whose browser [the lab's first host]", set_from, NULL},
    {'s', "--seed", "N", "another seed than the file's", set_seed, "a whole number"},
    {'u', "--until", "TIME", "end the run then, e.g. 30s", set_until, "a duration such as 30s"},
    {'r', "--realtime", NULL, "by the clock on the wall, so that real programs can take part",
     set_realtime, NULL},
    {'p', "--pcap", "DIR", "write a capture (pcapng) of every link end into this folder", set_pcap,
     NULL},
    {'j', "--json", NULL, "the same facts for programs", set_json, NULL},
    {'i', "--line", NULL,
     "eight numbers: simulated s, wall s, packet-hops, per s, events, per s, RSS KiB, bytes",
     set_line, NULL},
    {'t', "--trace", NULL, "every trace event as it happens, a line each", set_trace, NULL},
    {'y', "--layers", "[WHAT]",
     "open one frame of the client layer by layer: arp, dhcp, dns, syn, request, response, fin, or "
     "a frame's number [request]",
     set_layers, NULL},
};
enum { N_OPTIONS = sizeof OPTIONS / sizeof OPTIONS[0] };

static bool command_takes(const struct command *command, const struct option_spec *spec)
{
    return strchr(command->options, spec->letter);
}

void options_print_help(struct text *text, const struct command *command)
{
    text_print(text, "usage: orrery %s %s\n\n%s\n", command->name, command->arguments,
               command->summary);
    if (command->help) {
        text_print(text, "\n%s", command->help);
    }
    text_print(text, "\noptions:\n");
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option_spec *spec = &OPTIONS[i];
        if (!command_takes(command, spec)) {
            continue;
        }
        struct text name = {0};
        bool is_optional = spec->value && spec->value[0] == '[';
        text_print(&name, "%s%s%s", spec->name, !spec->value || is_optional ? "" : " ",
                   !spec->value  ? ""
                   : is_optional ? "[=WHAT]"
                                 : spec->value);
        text_print(text, "  %-18s %s\n", name.chars, spec->help);
        text_fini(&name);
    }
    text_print(text, "  %-18s %s\n", "--help", "this text");
}

/* The spec for "--name" or "--name=value"; *value is what stands behind '=', or NULL. */
static const struct option_spec *find_option(const struct command *command, const char *word,
                                             const char **value)
{
    size_t len = strcspn(word, "=");
    *value = word[len] == '=' ? word + len + 1 : NULL;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (command_takes(command, &OPTIONS[i]) && strlen(OPTIONS[i].name) == len &&
            strncmp(OPTIONS[i].name, word, len) == 0) {
            return &OPTIONS[i];
        }
    }
    return NULL;
}

static void complain_unknown(const struct command *command, const char *word)
{
    const char *names[N_OPTIONS];
    size_t n_names = 0;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (command_takes(command, &OPTIONS[i])) {
            names[n_names++] = OPTIONS[i].name;
        }
    }
    const char *meant = config_suggest(word, names, n_names);
    cli_complain("unknown option '%s'%s%s%s (see orrery %s --help)", word,
                 meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "",
                 command->name);
}

/* Handles the option at argv[*i], and its value if that is the next word. */
static bool take_option(const struct command *command, int argc, char **argv, int *i,
                        struct options *options)
{
    const char *value;
    const struct option_spec *spec = find_option(command, argv[*i], &value);
    if (!spec) {
        complain_unknown(command, argv[*i]);
        return false;
    }
    bool needs_value = spec->value && spec->value[0] != '[';
    if (!spec->value && value) {
        cli_complain("%s takes no value", spec->name);
        return false;
    }
    if (needs_value && !value) {
        if (*i + 1 == argc) {
            cli_complain("%s needs a value: %s", spec->name, spec->value);
            return false;
        }
        value = argv[++*i];
    }
    if (!spec->set(options, value)) {
        cli_complain("%s must be %s, not '%s'", spec->name, spec->expected, value);
        return false;
    }
    return true;
}

bool options_parse(const struct command *command, int argc, char **argv, struct options *options)
{
    *options = (struct options){0};
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1]) {
            if (!take_option(command, argc, argv, &i, options)) {
                return false;
            }
        } else if (options->argument) {
            cli_complain("'%s' is one argument too many (see orrery %s --help)", argv[i],
                         command->name);
            return false;
        } else {
            options->argument = argv[i];
        }
    }
    return true;
}
