/* Tables in columns.
 *
 * Each cell is rendered once as wide as it likes, to see how wide its column wants to be; when all
 * columns together fit, that is it; else the widest are narrowed, one column of characters after
 * the other, until they do, and the cells are rendered again at their width. Since each level does
 * its work twice, tables within tables within tables are laid out as plain lines.
 */
#include "base/memory.h"
#include "service/page_text_internal.h"

#include <stdlib.h>

enum { MAX_COLUMNS = 32, MAX_CELLS = 4096, GAP = 2, MIN_WIDTH = 6 };

struct cell {
    const xmlNode *node;
    unsigned column, span; /* how many columns it takes */
    bool is_header;
    struct text text;
    const char *next_line; /* while its row is printed */
};

struct row {
    size_t first, count; /* of the cells */
};

struct table {
    struct cell *cells;
    size_t n_cells, cells_capacity;
    struct row *rows;
    size_t n_rows, rows_capacity;
    unsigned n_columns;
    unsigned width[MAX_COLUMNS];
};

/* --- collecting --- */

static bool is_shown(const struct page_renderer *renderer, const xmlNode *node)
{
    return page_style_of(renderer, node).keyword[CSS_DISPLAY] != CSS_NONE &&
           !html_attribute(node, "hidden");
}

static unsigned span_of(const xmlNode *node)
{
    const char *text = html_attribute(node, "colspan");
    unsigned long span = text ? strtoul(text, NULL, 10) : 1;
    return span < 1 ? 1 : span > MAX_COLUMNS ? MAX_COLUMNS : (unsigned)span;
}

static void collect_row(struct page_renderer *renderer, struct table *table, const xmlNode *tr)
{
    unsigned column = 0;
    struct row row = {.first = table->n_cells};
    for (const xmlNode *node = tr->children; node; node = node->next) {
        bool is_header = html_is(node, "th");
        bool is_cell = is_header || html_is(node, "td");
        if (!is_cell || column == MAX_COLUMNS || table->n_cells == MAX_CELLS ||
            !is_shown(renderer, node)) {
            continue;
        }
        unsigned span = span_of(node);
        span = span < MAX_COLUMNS - column ? span : MAX_COLUMNS - column;
        table->cells = memory_grow_array(table->cells, table->n_cells, &table->cells_capacity,
                                         sizeof *table->cells);
        table->cells[table->n_cells++] =
            (struct cell){.node = node, .column = column, .span = span, .is_header = is_header};
        column += span;
        row.count++;
    }
    table->n_columns = column > table->n_columns ? column : table->n_columns;
    if (row.count > 0) {
        table->rows = memory_grow_array(table->rows, table->n_rows, &table->rows_capacity,
                                        sizeof *table->rows);
        table->rows[table->n_rows++] = row;
    }
}

static bool is_row_group(const xmlNode *node)
{
    return html_is(node, "thead") || html_is(node, "tbody") || html_is(node, "tfoot");
}

static void collect_rows(struct page_renderer *renderer, struct table *table, const xmlNode *parent)
{
    for (const xmlNode *node = parent->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || !is_shown(renderer, node)) {
            continue;
        }
        if (html_is(node, "tr")) {
            collect_row(renderer, table, node);
        } else if (is_row_group(node)) {
            collect_rows(renderer, table, node); /* not deeper: groups are no groups' children */
        }
    }
}

/* --- measuring --- */

static void render_cell(struct page_renderer *renderer, struct cell *cell, unsigned width,
                        struct page_context context)
{
    struct text_flow flow;
    text_clear(&cell->text);
    text_flow_init(&flow, &cell->text, width);
    context.flow = &flow;
    context.list_depth = 0;
    context.number = NULL;
    page_render_children(renderer, cell->node, context);
    text_flow_fini(&flow);
}

static unsigned widest_line(const char *chars)
{
    unsigned widest = 0;
    while (*chars) {
        size_t len = strcspn(chars, "\n");
        unsigned columns = text_columns(chars, len);
        widest = columns > widest ? columns : widest;
        chars += len + (chars[len] == '\n');
    }
    return widest;
}

static unsigned total_width(const struct table *table)
{
    unsigned total = 0;
    for (unsigned i = 0; i < table->n_columns; i++) {
        total += table->width[i] + (i > 0 ? GAP : 0);
    }
    return total;
}

static unsigned cell_width(const struct table *table, const struct cell *cell)
{
    unsigned width = (cell->span - 1) * GAP;
    for (unsigned i = 0; i < cell->span; i++) {
        width += table->width[cell->column + i];
    }
    return width;
}

static unsigned wanted_width(const struct cell *cell, unsigned room)
{
    unsigned widest = widest_line(text_chars(&cell->text));
    return widest < room ? widest : room;
}

/* A cell over several columns takes what they have, and widens the last if that is too little. */
static void measure_columns(struct table *table, unsigned room)
{
    for (size_t i = 0; i < table->n_cells; i++) {
        const struct cell *cell = &table->cells[i];
        unsigned wanted = wanted_width(cell, room);
        if (cell->span == 1 && wanted > table->width[cell->column]) {
            table->width[cell->column] = wanted;
        }
    }
    for (size_t i = 0; i < table->n_cells; i++) {
        const struct cell *cell = &table->cells[i];
        unsigned wanted = wanted_width(cell, room);
        unsigned have = cell_width(table, cell);
        if (cell->span > 1 && wanted > have) {
            table->width[cell->column + cell->span - 1] += wanted - have;
        }
    }
}

/* Returns whether any column changed. */
static bool narrow_columns(struct table *table, unsigned room)
{
    bool changed = false;
    while (total_width(table) > room) {
        unsigned widest = 0;
        for (unsigned i = 1; i < table->n_columns; i++) {
            widest = table->width[i] > table->width[widest] ? i : widest;
        }
        if (table->width[widest] <= MIN_WIDTH) {
            return changed;
        }
        table->width[widest]--;
        changed = true;
    }
    return changed;
}

static void lay_out(struct page_renderer *renderer, struct table *table,
                    struct page_context context)
{
    const struct text_flow *flow = context.flow;
    unsigned room = flow->width > flow->indent + MIN_WIDTH ? flow->width - flow->indent : MIN_WIDTH;
    for (size_t i = 0; i < table->n_cells; i++) {
        render_cell(renderer, &table->cells[i], room, context);
    }
    measure_columns(table, room);
    if (narrow_columns(table, room)) {
        for (size_t i = 0; i < table->n_cells; i++) {
            render_cell(renderer, &table->cells[i], cell_width(table, &table->cells[i]), context);
        }
    }
}

/* --- printing --- */

static void add_blanks(struct text *line, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        text_add(line, " ", 1);
    }
}

/* The next line of the cell, behind what stands in `line` already. */
static void add_cell_line(const struct table *table, struct cell *cell, struct text *line)
{
    unsigned start = 0;
    for (unsigned i = 0; i < cell->column; i++) {
        start += table->width[i] + GAP;
    }
    size_t len = strcspn(cell->next_line, "\n");
    if (len > 0) {
        unsigned have = text_columns(text_chars(line), line->len);
        /* a word too long for its column pushes the next one aside */
        add_blanks(line, have < start ? start - have : have > 0 ? 1 : 0);
        text_add(line, cell->next_line, len);
    }
    cell->next_line += len + (cell->next_line[len] == '\n');
}

static void print_row(struct table *table, const struct row *row, struct text_flow *flow)
{
    bool has_more = true;
    while (has_more) {
        struct text line = {0};
        has_more = false;
        for (size_t i = 0; i < row->count; i++) {
            struct cell *cell = &table->cells[row->first + i];
            add_cell_line(table, cell, &line);
            has_more = has_more || *cell->next_line;
        }
        text_flow_add_pre(flow, text_chars(&line), line.len);
        text_flow_new_line(flow);
        text_fini(&line);
    }
}

static void print_header_line(const struct table *table, struct text_flow *flow)
{
    for (unsigned i = 0; i < table->n_columns; i++) {
        for (unsigned n = 0; n < table->width[i]; n++) {
            text_flow_add_pre(flow, "-", 1);
        }
        text_flow_add_pre(flow, "  ", i + 1 < table->n_columns ? GAP : 0);
    }
    text_flow_new_line(flow);
}

static bool is_header_row(const struct table *table, const struct row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        if (!table->cells[row->first + i].is_header) {
            return false;
        }
    }
    return true;
}

static void print_table(struct table *table, struct text_flow *flow)
{
    for (size_t i = 0; i < table->n_cells; i++) {
        table->cells[i].next_line = text_chars(&table->cells[i].text);
    }
    for (size_t i = 0; i < table->n_rows; i++) {
        print_row(table, &table->rows[i], flow);
        bool ends_header = is_header_row(table, &table->rows[i]) && i + 1 < table->n_rows &&
                           !is_header_row(table, &table->rows[i + 1]);
        if (ends_header) {
            print_header_line(table, flow);
        }
    }
}

static void render_captions(struct page_renderer *renderer, const xmlNode *node,
                            struct page_context context)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (html_is(child, "caption") && is_shown(renderer, child)) {
            page_render_children(renderer, child, context);
            text_flow_break(context.flow);
        }
    }
}

void page_render_table(struct page_renderer *renderer, const xmlNode *node,
                       struct page_context context)
{
    struct table table = {0};
    text_flow_blank_line(context.flow);
    if (context.table_depth++ >= PAGE_MAX_TABLE_DEPTH) {
        page_render_children(renderer, node, context);
        text_flow_blank_line(context.flow);
        return;
    }
    render_captions(renderer, node, context);
    collect_rows(renderer, &table, node);
    lay_out(renderer, &table, context);
    print_table(&table, context.flow);
    text_flow_blank_line(context.flow);
    for (size_t i = 0; i < table.n_cells; i++) {
        text_fini(&table.cells[i].text);
    }
    free(table.cells);
    free(table.rows);
}
