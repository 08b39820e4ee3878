/* Coverage as a page: the rule files with their lines coloured. One file without scripts, for a browser and as what CI keeps. */
#include <stdlib.h>

#include "base/url.h"
#include "cli/test.h"
#include "cli/text_lines.h"

#define SHOWN_LINES 200000u /* of all files */
#define SHOWN_BYTES 10000u  /* of one line */
#define LINE_GAPS 64u       /* marked in one line, and noted below it */
#define NOTE_BYTES 100u     /* of the expression, in a note */
#define POINT_LINES 1000u   /* that one point colours */

static const char style[] =
	":root{color-scheme:light dark;--text:#1c1f23;--dim:#646b73;--back:#fff;--line:#dde1e6;--yes:#e5f5e8;"
	"--yes-edge:#2e7d32;--some:#fff4d6;--some-edge:#a86a00;--no:#fde7e7;--no-edge:#c0271f}\n"
	"@media(prefers-color-scheme:dark){:root{--text:#e4e7eb;--dim:#9aa3ad;--back:#15181c;--line:#30363d;--yes:#15301c;"
	"--yes-edge:#5fbf6a;--some:#3a2e0e;--some-edge:#e0a83a;--no:#451c1c;--no-edge:#ff7d73}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:1rem;max-width:72rem;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,"
	"sans-serif}\n"
	"h1{font-size:1.4rem;margin:.2rem 0 1rem}h2{font-size:1.05rem;margin:2rem 0 .5rem;overflow-wrap:anywhere}\n"
	"a{color:inherit}p{margin:.5rem 0}\n"
	"table{border-collapse:collapse;width:100%}"
	"th,td{padding:.3rem .6rem .3rem 0;text-align:right;vertical-align:baseline;border-bottom:1px solid var(--line);"
	"font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	"th{color:var(--dim);font-weight:normal}th:first-child,td:first-child{text-align:left;white-space:normal;"
	"overflow-wrap:anywhere}\n"
	".bar{width:30%}.bar div{height:.7rem;background:var(--no-edge);border-radius:.2rem;overflow:hidden}"
	".bar i{display:block;height:100%;background:var(--yes-edge)}\n"
	".key span{display:inline-block;padding:0 .5rem;margin-right:.5rem;border-left:4px solid}\n"
	".file{border:1px solid var(--line);border-radius:.3rem;overflow:hidden;font:.85rem/1.5 ui-monospace,monospace}\n"
	".file>div{display:grid;grid-template-columns:3.6rem 1fr;border-left:4px solid transparent}\n"
	".n{color:var(--dim);text-align:right;padding-right:.8rem;text-decoration:none;user-select:none}\n"
	".c{white-space:pre-wrap;overflow-wrap:anywhere;min-height:1.5em;padding-right:.5rem}\n"
	".key .y,.file .y{background:var(--yes);border-color:var(--yes-edge)}\n"
	".key .s,.file .s{background:var(--some);border-color:var(--some-edge)}\n"
	".key .o,.file .o{background:var(--no);border-color:var(--no-edge)}\n"
	"u{text-decoration:underline wavy var(--no-edge);text-underline-offset:.2em;cursor:help}\n"
	".m{grid-column:2;margin:0;padding:0 .5rem .2rem 0;list-style:none;font-family:system-ui,sans-serif;"
	"overflow-wrap:anywhere}\n"
	".m li::before{content:\"\\2192\\00a0\";color:var(--no-edge)}\n"
	".m code{font:.85rem ui-monospace,monospace}\n"
	".cut{padding:.3rem .8rem;color:var(--dim)}\n"
	"@media(max-width:40rem){body{padding:.6rem}.bar{display:none}.file>div{grid-template-columns:2.6rem 1fr}"
	".n{padding-right:.5rem}}\n"
	"@media print{.file{font-size:.7rem}}\n";

struct page {
	struct strbuf *out;
	size_t lines_left;
};

static void add_percent(struct strbuf *out, struct coverage_count count) {
	test_coverage_percent(out, count);
	strbuf_add_c(out, "%");
}

/* ---- how much ---- */

static void add_row(struct strbuf *out, struct coverage_count count, size_t tested, size_t rules) {
	strbuf_add_c(out, "</td><td class=\"bar\"><div><i style=\"width:");
	add_percent(out, count);
	strbuf_add_c(out, "\"></i></div></td><td>");
	add_percent(out, count);
	strbuf_add_c(out, "</td><td>");
	strbuf_add_number(out, count.reached);
	strbuf_add_c(out, " of ");
	strbuf_add_number(out, count.points);
	strbuf_add_c(out, "</td><td>");
	strbuf_add_number(out, tested);
	strbuf_add_c(out, " of ");
	strbuf_add_number(out, rules);
	strbuf_add_c(out, "</td></tr>\n");
}

static void add_table(struct strbuf *out, const struct coverage *c) {
	size_t tested = 0, rules = 0;
	strbuf_add_c(
		out,
		"<table>\n<thead><tr><th scope=\"col\">rule file</th><th class=\"bar\"></th><th scope=\"col\">reached</th>"
		"<th scope=\"col\">points</th><th scope=\"col\">rules tested</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < c->file_count; i++) {
		const struct coverage_file *file = c->files[i];
		size_t here = test_coverage_count_tested(file);
		strbuf_printf(out, "<tr><td><a href=\"#f%zu\">", i + 1);
		test_junit_text(out, file->path);
		strbuf_add_c(out, "</a>");
		add_row(out, coverage_count_file(file), here, file->rule_count);
		tested += here;
		rules += file->rule_count;
	}
	strbuf_add_c(out, "<tr><td>all");
	add_row(out, coverage_count(c), tested, rules);
	strbuf_add_c(out, "</tbody>\n</table>\n");
}

/* ---- a file ---- */

enum { REACHED = 1, MISSED = 2 };

static uint8_t *colour_lines(const struct coverage_file *file, const struct text_lines *lines,
							 struct arena *a) {
	uint8_t *states = ARENA_ARRAY(a, uint8_t, lines->count);
	for (size_t i = 0; i < file->rule_count; i++) {
		for (size_t k = 0; k < file->rules[i].point_count; k++) {
			const struct coverage_point *p = &file->rules[i].points[k];
			size_t end = p->span.end > p->span.start ? p->span.end - 1 : p->span.start;
			size_t first = text_lines_find(lines, p->span.start);
			size_t last = text_lines_find(lines, end);
			last = last - first < POINT_LINES ? last : first + POINT_LINES - 1;
			for (size_t n = first; n <= last; n++) {
				states[n] |= p->reached ? REACHED : MISSED;
			}
		}
	}
	return states;
}

/* The gaps of one line. */
struct line {
	struct span span;
	struct str text;   /* of it, with passwords masked: as long as the line */
	struct span shown; /* not the end of a long one */
	const struct coverage_gap *gaps[LINE_GAPS];
	size_t count;
	size_t edges[2 * LINE_GAPS + 2]; /* where what is marked changes, rising */
	size_t edge_count;
};

static int compare_sizes(const void *a, const void *b) {
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	return x < y ? -1 : x > y;
}

static size_t clamp(size_t offset, struct span span) {
	return offset < span.start ? span.start : offset > span.end ? span.end : offset;
}

static void find_edges(struct line *l) {
	l->edges[l->edge_count++] = l->shown.start;
	l->edges[l->edge_count++] = l->shown.end;
	for (size_t i = 0; i < l->count; i++) {
		l->edges[l->edge_count++] = clamp(l->gaps[i]->span.start, l->shown);
		l->edges[l->edge_count++] = clamp(l->gaps[i]->span.end, l->shown);
	}
	qsort(l->edges, l->edge_count, sizeof(l->edges[0]), compare_sizes);
}

/* A stretch that is marked has one title with all that is missed there; blanks before the text are not marked. */
static void add_stretch(struct strbuf *out, const struct line *l, size_t from, size_t to) {
	struct strbuf title = STRBUF_INIT;
	struct str part = str_slice(l->text, from - l->span.start, to - l->span.start);
	for (size_t i = 0; i < l->count; i++) {
		if (l->gaps[i]->span.start <= from && l->gaps[i]->span.end >= to) {
			strbuf_add_c(&title, title.len > 0 ? "\n" : "");
			strbuf_add_c(&title, l->gaps[i]->what);
		}
	}
	for (; part.len > 0 && part.ptr[0] == ' '; part = str_slice(part, 1, part.len)) {
		strbuf_add_char(out, ' ');
	}
	if (title.len > 0 && part.len > 0) {
		strbuf_add_c(out, "<u title=\"");
		test_junit_text(out, strbuf_str(&title));
		strbuf_add_c(out, "\">");
	}
	test_junit_text(out, part);
	strbuf_add_c(out, title.len > 0 && part.len > 0 ? "</u>" : "");
	strbuf_finish(&title);
}

/* The end of what is shown of [from, to), between two runes. */
static size_t cut(const struct line *l, size_t from, size_t to, size_t most) {
	if (to - from <= most) {
		return to;
	}
	size_t end = from + most;
	while (end > from && ((uint8_t)l->text.ptr[end - l->span.start] & 0xC0) == 0x80) {
		end--;
	}
	return end;
}

static void add_code(struct strbuf *out, struct line *l) {
	find_edges(l);
	for (size_t i = 0; i + 1 < l->edge_count; i++) {
		if (l->edges[i] < l->edges[i + 1]) {
			add_stretch(out, l, l->edges[i], l->edges[i + 1]);
		}
	}
	strbuf_add_c(out, l->shown.end < l->span.end ? "…" : "");
}

static void add_excerpt(struct strbuf *out, const struct line *l, struct span span) {
	size_t from = clamp(span.start, l->span), to = clamp(span.end, l->span);
	size_t end = cut(l, from, to, NOTE_BYTES);
	strbuf_add_c(out, "<code>");
	test_junit_text(out, str_slice(l->text, from - l->span.start, end - l->span.start));
	strbuf_add_c(out, end < span.end ? " …</code>: " : "</code>: ");
}

/* What is missed from this line on, in words, for whoever cannot point at it. */
static void add_notes(struct strbuf *out, const struct line *l) {
	size_t count = 0;
	for (size_t i = 0; i < l->count; i++) {
		const struct coverage_gap *gap = l->gaps[i];
		if (gap->span.start < l->span.start) {
			continue;
		}
		strbuf_add_c(out, count++ == 0 ? "<ul class=\"m\"><li>" : "<li>");
		if (!gap->of_rule) {
			add_excerpt(out, l, gap->span);
		}
		test_junit_text(out, str_from(gap->what));
		strbuf_add_c(out, "</li>");
	}
	strbuf_add_c(out, count > 0 ? "</ul>" : "");
}

static void add_line(struct strbuf *out, size_t file, size_t number, uint8_t state, struct line *l,
					 struct str file_text) {
	static const char *const classes[] = {"", " class=\"y\"", " class=\"o\"", " class=\"s\""};
	struct strbuf masked = STRBUF_INIT;
	strbuf_add_c(&masked, "");
	url_mask_line(&masked, str_slice(file_text, l->span.start, l->span.end));
	l->text = strbuf_str(&masked);
	l->shown = (struct span){l->span.start, cut(l, l->span.start, l->span.end, SHOWN_BYTES)};
	strbuf_printf(out, "<div%s id=\"f%zul%zu\"><a class=\"n\" href=\"#f%zul%zu\">%zu</a>",
				  classes[state], file, number, file, number, number);
	strbuf_add_c(out, "<code class=\"c\">");
	add_code(out, l);
	strbuf_add_c(out, "</code>");
	add_notes(out, l);
	strbuf_add_c(out, "</div>\n");
	l->text = STR_EMPTY;
	strbuf_finish(&masked);
}

/* Gaps that reach into the line: those that did into the one before, and those that begin here. */
static void collect_gaps(struct line *l, const struct line *before, const struct coverage_gap *gaps,
						 size_t count, size_t *next, size_t line_end) {
	for (size_t i = 0; i < before->count; i++) {
		if (before->gaps[i]->span.end > l->span.start) {
			l->gaps[l->count++] = before->gaps[i];
		}
	}
	for (; *next < count && gaps[*next].span.start < line_end; (*next)++) {
		if (l->count < LINE_GAPS) {
			l->gaps[l->count++] = &gaps[*next];
		}
	}
}

static void add_lines(struct page *page, const struct coverage_file *file, size_t number) {
	struct arena a;
	struct text_lines lines;
	struct line before = {0};
	size_t count, next = 0, i = 0;
	arena_init(&a);
	text_lines_init(&lines, file->text, &a);
	const struct coverage_gap *gaps = test_coverage_gaps(file, &a, &count);
	const uint8_t *states = colour_lines(file, &lines, &a);
	for (; i < lines.count && page->lines_left > 0; i++, page->lines_left--) {
		struct line l = {.span = text_lines_span(&lines, i)};
		size_t end = i + 1 < lines.count ? lines.starts[i + 1] : file->text.len + 1;
		collect_gaps(&l, &before, gaps, count, &next, end);
		add_line(page->out, number, i + 1, states[i], &l, file->text);
		before = l;
	}
	if (i < lines.count) {
		strbuf_add_c(page->out, "<p class=\"cut\">… and ");
		strbuf_add_count(page->out, lines.count - i, "more line");
		strbuf_add_c(page->out, "</p>\n");
	}
	arena_finish(&a);
}

static void add_file(struct page *page, const struct coverage_file *file, size_t number) {
	strbuf_printf(page->out, "<h2 id=\"f%zu\">", number);
	test_junit_text(page->out, file->path);
	strbuf_add_c(page->out, " <small>");
	add_percent(page->out, coverage_count_file(file));
	strbuf_add_c(page->out, "</small></h2>\n<div class=\"file\">\n");
	add_lines(page, file, number);
	strbuf_add_c(page->out, "</div>\n");
}

void test_coverage_html(struct strbuf *out, const struct coverage *c) {
	struct page page = {.out = out, .lines_left = SHOWN_LINES};
	strbuf_add_c(
		out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Rule coverage ");
	add_percent(out, coverage_count(c));
	strbuf_printf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>Rule coverage ", style);
	add_percent(out, coverage_count(c));
	strbuf_add_c(out, "</h1>\n");
	add_table(out, c);
	if (c->rules_left_out > 0) {
		strbuf_add_c(out, "<p>");
		strbuf_add_count(out, c->rules_left_out, "rule");
		strbuf_printf(out, " not counted: there are more than %u points (limit)</p>\n",
					  COVERAGE_MAX_POINTS);
	}
	strbuf_add_c(out,
				 "<p class=\"key\"><span class=\"y\">reached</span><span class=\"s\">partly</span>"
				 "<span class=\"o\">not reached</span></p>\n");
	for (size_t i = 0; i < c->file_count; i++) {
		add_file(&page, c->files[i], i + 1);
	}
	strbuf_add_c(out, "</body>\n</html>\n");
}
