/* `tocsin test --coverage`: what the files about it share. */
#ifndef CLI_TEST_COVERAGE_H
#define CLI_TEST_COVERAGE_H

#include "base/json.h"
#include "cli/options.h"
#include "engine/rule-tests/coverage.h"

struct test_run;

struct test_coverage {
	struct coverage *coverage; /* NULL: nobody wants to know */
	bool text;                 /* on stdout, or within the JSON document there */
	const char *json_path, *html_path;
	double least; /* percent; negative: any will do */
};

/* false: wrong usage, and that was said. */
bool test_coverage_init(struct test_run *r, const struct options *o);
void test_coverage_finish(struct test_run *r);

/* Rule files that count though no test may read them. */
void test_coverage_add_rules(struct test_run *r, const struct options *o);
/* NULL when it is not wanted. */
struct coverage_set *test_coverage_open(struct test_run *r, struct rule_set *set);
/* At the end: prints, writes files, and judges whether it is enough. */
void test_coverage_report(struct test_run *r);

/* "80.0": rounded down, so that 100.0 is all. */
void test_coverage_percent(struct strbuf *out, struct coverage_count count);
size_t test_coverage_count_tested(const struct coverage_file *file); /* rules */

/* ---- test_coverage_gaps.c: what is not reached, in words ---- */

/* Points that are not reached and are best said together. */
struct coverage_gap {
	struct span span; /* in the file */
	const struct coverage_rule *rule;
	bool of_rule;     /* of the rule as a whole, at its name; else of a part of its expression */
	const char *what; /* "it never fires" */
};

/* Of the whole file, by place; in `a`. */
struct coverage_gap *test_coverage_gaps(const struct coverage_file *file, struct arena *a,
										size_t *ret_count);

/* ---- how it is shown ---- */

void test_coverage_text(struct strbuf *out, const struct coverage *c, bool color);
void test_coverage_json(struct json_writer *w, const struct coverage *c); /* one object */
void test_coverage_html(struct strbuf *out, const struct coverage *c);    /* one page */

#endif
