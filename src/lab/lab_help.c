#include "lab/lab_help.h"

#include "lab/lab_internal.h"

static const char *type_words(const struct config_key *key)
{
    switch (key->type) {
    case CONFIG_TEXT:
        return "text";
    case CONFIG_BOOL:
        return "true or false";
    case CONFIG_INTEGER:
        return "number";
    case CONFIG_DURATION:
        return "time, 10ms";
    case CONFIG_RATE:
        return "rate, 50mbit";
    case CONFIG_SIZE:
        return "size, 64KiB";
    case CONFIG_SHARE:
        return "share, 0.5%";
    case CONFIG_CHOICE:
        return "choice";
    case CONFIG_CUSTOM:
        return key->expected;
    case CONFIG_MAP_OF:
    case CONFIG_NAMED:
        return "map";
    case CONFIG_LIST_OF:
        return "list";
    case CONFIG_ONE_OR_LIST:
        return "one or a list";
    case CONFIG_ANY:
        return "";
    }
    return "";
}

static void print_choices(struct text *text, const struct config_key *key)
{
    for (size_t i = 0; key->choices && key->choices[i]; i++) {
        text_print(text, "%s%s", i ? ", " : ": ", key->choices[i]);
    }
}

static void print_schema(struct text *text, const char *title, const struct config_schema *schema)
{
    text_print(text, "\n%s\n", title);
    for (size_t i = 0; i < schema->n_keys; i++) {
        const struct config_key *key = &schema->keys[i];
        text_print(text, "  %-11s %s", key->name, key->help ? key->help : "");
        print_choices(text, key);
        text_print(text, " (%s%s)\n", type_words(key), key->is_required ? "; required" : "");
    }
}

void lab_print_help(struct text *text)
{
    text_print(text, "A lab file is YAML. What stands in brackets is the default.\n");
    print_schema(text, "A lab:", &LAB_SCHEMA);
    print_schema(text, "A node, under nodes: NAME: {...}", &LAB_NODE_SCHEMA);
    print_schema(text, "A link, under links: - A-B: {...}", &LAB_LINK_SCHEMA);
    print_schema(text, "A fault, under faults: - {...}", &LAB_FAULT_SCHEMA);
    print_schema(text, "An expectation, under expect: - {...}", &LAB_EXPECT_SCHEMA);
}
