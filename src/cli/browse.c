/* `orrery browse`: one page is loaded by one host, and the whole journey told. */
#include "cli/cli.h"
#include "cli/lab_file.h"
#include "cli/stage.h"
#include "http/url.h"
#include "lab/layers.h"
#include "lab/report.h"

#include <stdlib.h>

/* When nothing has come by then, nothing will. */
#define PATIENCE_NS UINT64_C(600000000000)

struct visit {
    struct stage stage;
    struct options options;
    const char *lab_path;
    uint32_t from;
    struct journey *journey;
    struct timetable *timetable; /* the faults */
    struct world_waiter ready;
    bool is_loaded;
    int status;
};

static void on_page(void *owner, const struct page *page)
{
    struct visit *visit = owner;
    journey_set_page(visit->journey, page);
    visit->is_loaded = true;
    if (page->status != STATUS_OK) {
        cli_complain("%s", page->error);
        visit->status = EXIT_EXPECTATION_FAILED;
    } else if (!page->complete) {
        visit->status = EXIT_EXPECTATION_FAILED;
    }
}

static void on_ready(void *owner)
{
    struct visit *visit = owner;
    struct browser *browser = world_browser(visit->stage.world, visit->from);
    enum status status = browser_load(browser, visit->options.argument, on_page, visit);
    if (status != STATUS_OK) {
        cli_complain("the browser cannot load that: %s", status_text(status));
        visit->status = EXIT_BAD_CALL;
        visit->is_loaded = true;
    }
}

/* The node that --from names, or the first host that has a link. */
static bool choose_client(struct visit *visit)
{
    const struct lab *lab = visit->stage.lab;
    const char *wanted = visit->options.from;
    visit->from = wanted ? lab_find_node(lab, wanted) : LAB_NONE;
    for (uint32_t i = 0; !wanted && i < lab->n_nodes && visit->from == LAB_NONE; i++) {
        if (lab->nodes[i].kind == LAB_HOST && lab->nodes[i].n_ports) {
            visit->from = i;
        }
    }
    if (visit->from == LAB_NONE) {
        cli_complain(wanted ? "%s has no node '%s'" : "%s has no host with a link to browse from",
                     visit->lab_path, wanted);
        return false;
    }
    const struct lab_node *node = &lab->nodes[visit->from];
    if (!lab_kind_has_stack(node->kind) || !node->n_ports) {
        cli_complain("'%s' cannot browse: %s", node->name,
                     node->n_ports ? "it is a switch or tap" : "it has no link");
        return false;
    }
    return true;
}

/* Load, close the connections, see them closed; in virtual time also see TIME-WAIT end. */
static void play(struct visit *visit)
{
    struct stage *stage = &visit->stage;
    uint64_t limit = visit->options.has_until ? visit->options.until_ns : PATIENCE_NS;
    world_when_ready(stage->world, visit->from, &visit->ready, on_ready, visit);
    stage_run(stage, limit, &visit->is_loaded);
    if (!visit->is_loaded) {
        bool has_address = world_has_address(stage->world, visit->from);
        cli_complain("%s when the run ended", has_address
                                                  ? "the page had not arrived"
                                                  : "the host had not got an address by DHCP");
        visit->status = EXIT_EXPECTATION_FAILED;
        return;
    }
    browser_close_connections(world_browser(stage->world, visit->from));
    uint64_t now = stage->env->now_ns;
    stage_run(stage, now + (stage->is_realtime ? UINT64_C(1000000000) : 3 * TCP_MSL_NS), NULL);
}

static void print_layers(struct visit *visit)
{
    struct text text = {0};
    if (layers_print(&text, visit->journey, visit->options.layers, visit->options.json)) {
        cli_print(&text);
        return;
    }
    cli_complain("no frame at '%s' fits --layers=%s", visit->stage.lab->nodes[visit->from].name,
                 visit->options.layers);
    text_fini(&text);
    visit->status = EXIT_BAD_CALL;
}

static void report(struct visit *visit)
{
    struct text text = {0};
    struct report_title title = {
        .lab = visit->lab_path,
        .url = visit->options.argument,
        .from = visit->stage.lab->nodes[visit->from].name,
    };
    if (visit->options.layers) {
        print_layers(visit);
    } else if (visit->options.json && !visit->options.trace) {
        report_print_json(&text, visit->stage.world, visit->journey, NULL, &title);
    } else if (!visit->options.json) {
        report_print_journey(&text, visit->stage.world, visit->journey, &title);
    }
    cli_print(&text);
}

static void visit_page(struct visit *visit)
{
    struct stage *stage = &visit->stage;
    visit->status = EXIT_BAD_CALL;
    if (!stage_set(stage, visit->lab_path, &visit->options) || !choose_client(visit)) {
        return;
    }
    visit->journey = journey_new(stage->world, visit->from);
    if (stage_start(stage)) {
        visit->status = EXIT_HELD;
        visit->timetable = timetable_new(stage->world, false);
        play(visit);
        report(visit);
        timetable_free(visit->timetable);
        world_forget_waiter(stage->world, visit->from, &visit->ready);
    }
    journey_free(visit->journey);
}

static bool url_is_fine(const char *text)
{
    struct url url;
    const char *why = "";
    if (!text) {
        cli_complain("browse needs a URL (see orrery browse --help)");
        return false;
    }
    if (!url_parse(text, &url, &why)) {
        cli_complain("'%s' is not a URL: %s", text, why);
        return false;
    }
    url_fini(&url);
    return true;
}

static int run(int argc, char **argv)
{
    struct visit visit = {.from = LAB_NONE};
    if (!options_parse(&COMMAND_BROWSE, argc, argv, &visit.options) ||
        !url_is_fine(visit.options.argument)) {
        return EXIT_BAD_CALL;
    }
    char *default_lab = visit.options.lab ? NULL : lab_file_default();
    visit.lab_path = visit.options.lab ? visit.options.lab : default_lab;
    if (!visit.lab_path) {
        return EXIT_BAD_CALL;
    }
    visit_page(&visit);
    if (!stage_clear(&visit.stage) && visit.status == EXIT_HELD) {
        visit.status = EXIT_BAD_CALL;
    }
    free(default_lab);
    return visit.status;
}

const struct command COMMAND_BROWSE = {
    .name = "browse",
    .arguments = "URL [options]",
    .summary = "loads a page in a lab and tells the whole journey, from URL to page",
    .options = "lfsurpjty",
    .help = "Each step says when, who told whom what, and what it means. The lab's faults happen,\n"
            "its expectations are not tried (see orrery run).\n",
    .run = run,
};
