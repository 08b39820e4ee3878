/* Coverage for people: what is not reached, with carets, then how much there is of it in each file. */
#include "base/utf8.h"
#include "cli/test.h"

#define SHOWN_GAPS 200u /* over all files */

/* ---- what is not reached ---- */

static void add_gaps(struct strbuf *out, const struct coverage_file *file, bool color, size_t *left,
					 size_t *dropped) {
	struct arena a;
	struct diags diags;
	size_t count;
	arena_init(&a);
	diags_init(&diags, &a);
	const struct coverage_gap *gaps = test_coverage_gaps(file, &a, &count);
	size_t shown = count < *left ? count : *left;
	for (size_t i = 0; i < shown; i++) {
		const struct coverage_rule *rule = gaps[i].rule;
		diags_add(&diags, DIAG_WARNING, gaps[i].span, "%s %.*s: %s",
				  rule->kind == RULE_ALERTING ? "alert" : "record", STR_FMT(rule->name),
				  gaps[i].what);
	}
	diags_render(out, &diags, arena_dup(&a, file->path).ptr, file->text,
				 (struct diag_style){.color = color});
	*left -= shown;
	*dropped += count - shown;
	arena_finish(&a);
}

/* ---- how much ---- */

struct columns {
	size_t name, points;
};

static void print_points(struct strbuf *out, struct coverage_count count) {
	strbuf_add_number(out, count.reached);
	strbuf_add_c(out, " of ");
	strbuf_add_count(out, count.points, "point");
}

static void measure(struct columns *columns, struct str name, struct coverage_count count) {
	struct strbuf points = STRBUF_INIT;
	size_t width = utf8_width(name);
	print_points(&points, count);
	columns->name = width > columns->name ? width : columns->name;
	columns->points = points.len > columns->points ? points.len : columns->points;
	strbuf_finish(&points);
}

static void add_line(struct strbuf *out, const struct columns *columns, struct str name,
					 struct coverage_count count, size_t tested, size_t rules) {
	struct strbuf points = STRBUF_INIT, percent = STRBUF_INIT;
	print_points(&points, count);
	test_coverage_percent(&percent, count);
	strbuf_add(out, name);
	strbuf_add_repeat(out, ' ', columns->name - utf8_width(name) + 2);
	strbuf_printf(out, "%5s%%  %s", percent.ptr, points.ptr);
	strbuf_add_repeat(out, ' ', columns->points - points.len + 2);
	strbuf_add_number(out, tested);
	strbuf_add_c(out, " of ");
	strbuf_add_count(out, rules, "rule");
	strbuf_add_c(out, " tested\n");
	strbuf_finish(&points);
	strbuf_finish(&percent);
}

static void add_table(struct strbuf *out, const struct coverage *c) {
	static const struct str all = {"all", 3};
	struct columns columns = {0};
	size_t tested = 0, rules = 0;
	measure(&columns, all, coverage_count(c));
	for (size_t i = 0; i < c->file_count; i++) {
		measure(&columns, c->files[i]->path, coverage_count_file(c->files[i]));
	}
	strbuf_add_c(out, "coverage:\n");
	for (size_t i = 0; i < c->file_count; i++) {
		const struct coverage_file *file = c->files[i];
		size_t here = test_coverage_count_tested(file);
		add_line(out, &columns, file->path, coverage_count_file(file), here, file->rule_count);
		tested += here;
		rules += file->rule_count;
	}
	if (c->file_count != 1) {
		add_line(out, &columns, all, coverage_count(c), tested, rules);
	}
}

void test_coverage_text(struct strbuf *out, const struct coverage *c, bool color) {
	size_t left = SHOWN_GAPS, dropped = 0;
	for (size_t i = 0; i < c->file_count; i++) {
		add_gaps(out, c->files[i], color, &left, &dropped);
	}
	if (dropped > 0) {
		strbuf_add_c(out, "… and ");
		strbuf_add_number(out, dropped);
		strbuf_add_c(out, " more (--coverage-json and --coverage-html have them all)\n");
	}
	add_table(out, c);
	if (c->rules_left_out > 0) {
		strbuf_add_count(out, c->rules_left_out, "rule");
		strbuf_printf(out, " not counted: there are more than %u points (limit)\n",
					  COVERAGE_MAX_POINTS);
	}
}
