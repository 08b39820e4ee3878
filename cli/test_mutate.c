#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/gofloat.h"
#include "base/mem.h"
#include "cli/test.h"
#include "engine/limits.h"

/* ---- options ---- */

struct number_range {
	double min, max;
	bool whole;
};

static bool read_number(const struct options *o, const char *flag, struct number_range range,
						double *ret) {
	const char *text = options_get(o, flag);
	double v;
	if (text == NULL) {
		return true;
	}
	bool good = gofloat_parse(str_from(text), &v, NULL) && v >= range.min && v <= range.max;
	if (!good || (range.whole && v != floor(v))) {
		options_complain(&command_test, "--%s %s: a %snumber from %.0f to %.0f is expected", flag,
						 text, range.whole ? "whole " : "", range.min, range.max);
		return false;
	}
	*ret = v;
	return true;
}

/* Options that say how, and not that. */
static bool complain_alone(const struct options *o) {
	static const char *const how[] = {"mutate-min", "mutate-limit", "mutate-seed"};
	for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
		if (options_get(o, how[i]) != NULL) {
			options_complain(&command_test, "--%s goes with --mutate", how[i]);
			return false;
		}
	}
	return true;
}

bool test_mutation_read(struct test_run *r, const struct options *o) {
	double min = -1, limit = LIMIT_MUTANTS, seed = 1;
	if (!read_number(o, "mutate-min", (struct number_range){0, 100, false}, &min) ||
		!read_number(o, "mutate-limit", (struct number_range){1, 10000000, true}, &limit) ||
		!read_number(o, "mutate-seed", (struct number_range){0, 4294967295.0, true}, &seed)) {
		return false;
	}
	if (options_get(o, "mutate") == NULL) {
		return complain_alone(o);
	}
	r->mutation = mem_calloc(1, sizeof(*r->mutation));
	arena_init(&r->mutation->arena);
	r->mutation->min = min;
	r->mutation->limit = (size_t)limit;
	r->mutation->seed = (uint64_t)seed;
	return true;
}

/* ---- what was run ---- */

void test_kept_finish(struct test_kept *kept) {
	if (kept->has_suite) {
		mutant_suite_finish(&kept->suite);
	}
	test_file_finish(&kept->file);
	rule_set_destroy(kept->set);
	strbuf_finish(&kept->text);
	arena_finish(&kept->arena);
}

void test_mutation_destroy(struct test_mutation *m) {
	if (m == NULL) {
		return;
	}
	for (size_t i = 0; i < m->kept_count; i++) {
		test_kept_finish(m->kept[i]);
		free(m->kept[i]);
	}
	free(m->kept);
	arena_finish(&m->arena);
	free(m);
}

void test_mutation_take(struct test_mutation *m, const struct test_kept *kept) {
	struct test_kept *own = mem_calloc(1, sizeof(*own));
	*own = *kept;
	m->kept = mem_grow(m->kept, m->kept_count, &m->kept_capacity, sizeof(m->kept[0]));
	m->kept[m->kept_count++] = own;
}

/* ---- the rules ---- */

static const char *real_path(struct test_mutation *m, struct str path) {
	char *resolved = realpath(arena_dup(&m->arena, path).ptr, NULL);
	const char *kept = arena_dup(&m->arena, resolved != NULL ? str_from(resolved) : path).ptr;
	free(resolved);
	return kept;
}

static struct test_mutated_file *get_file(struct test_mutation *m, const struct rule_set_file *f,
										  const char *path) {
	for (size_t i = 0; i < m->file_count; i++) {
		if (strcmp(m->files[i].real_path, path) == 0 && str_equal(m->files[i].text, f->text)) {
			return &m->files[i];
		}
	}
	m->files =
		arena_grow(&m->arena, m->files, m->file_count, &m->file_capacity, sizeof(m->files[0]));
	struct test_mutated_file *added = &m->files[m->file_count++];
	*added = (struct test_mutated_file){.path = arena_dup(&m->arena, f->file.path).ptr,
										.real_path = path,
										.text = f->text,
										.file = &f->file};
	return added;
}

static void list_files(struct test_mutation *m) {
	for (size_t i = 0; i < m->kept_count; i++) {
		struct test_kept *kept = m->kept[i];
		size_t first = 0;
		for (size_t k = 0; k < kept->set->file_count; k++) {
			const struct rule_set_file *f = &kept->set->files[k];
			struct test_mutated_file *file = get_file(m, f, real_path(m, f->file.path));
			file->uses = arena_grow(&m->arena, file->uses, file->use_count, &file->use_capacity,
									sizeof(file->uses[0]));
			file->uses[file->use_count++] = (struct test_mutated_use){kept, first};
			first += f->file.group_count;
		}
	}
}

/* How often the tests evaluate the rules of a group. */
static dur_ms *list_intervals(struct test_run *r, const struct test_mutated_file *file,
							  const struct rule_group *group) {
	dur_ms *intervals = ARENA_ARRAY(&r->mutation->arena, dur_ms, file->use_count);
	for (size_t i = 0; i < file->use_count; i++) {
		bool own = group->interval > 0 && !r->promtool;
		intervals[i] = own ? group->interval : file->uses[i].kept->file.evaluation_interval;
	}
	return intervals;
}

static void make_mutants(struct test_run *r, struct test_mutated_file *file) {
	struct test_mutation *m = r->mutation;
	for (size_t g = 0; g < file->file->group_count; g++) {
		const struct rule_group *group = &file->file->groups[g];
		dur_ms *intervals = list_intervals(r, file, group);
		for (size_t k = 0; k < group->rule_count; k++) {
			m->rules = arena_grow(&m->arena, m->rules, m->rule_count, &m->rule_capacity,
								  sizeof(m->rules[0]));
			struct test_mutated_rule *rule = &m->rules[m->rule_count++];
			*rule =
				(struct test_mutated_rule){.file = file, .slot = {g, k}, .rule = &group->rules[k]};
			mutants_make(rule->rule, intervals, file->use_count, &m->arena, &rule->mutants);
			m->made += rule->mutants.count;
			m->equivalent += rule->mutants.equivalent_count;
			m->left_out += rule->mutants.dropped;
		}
	}
}

/* ---- which of them ---- */

/* Source: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014 (SplitMix64). */
static uint64_t next_random(uint64_t *state) {
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Each sample of the size is as likely as another, and the same seed gives the same one: of n that are left, each is taken with the
 * chance of (wanted that are left) / n. Source: D. Knuth, The Art of Computer Programming, 3.4.2, algorithm S. */
static void choose_sample(struct test_mutation *m) {
	size_t left = m->made, wanted = m->limit;
	uint64_t state = m->seed;
	for (size_t i = 0; i < m->rule_count; i++) {
		for (size_t k = 0; k < m->rules[i].mutants.count; k++, left--) {
			if (next_random(&state) % left < wanted) {
				wanted--;
			} else {
				m->rules[i].verdicts[k] = TEST_NOT_TRIED;
			}
		}
	}
	m->left_out += m->made - m->limit;
}

/* With --run it is no fault of a rule that other tests look at it. */
static void count_verdicts(struct test_run *r) {
	struct test_mutation *m = r->mutation;
	for (size_t i = 0; i < m->rule_count; i++) {
		for (size_t k = 0; k < m->rules[i].mutants.count; k++) {
			unsigned char *verdict = &m->rules[i].verdicts[k];
			if (*verdict == TEST_UNSEEN && r->wanted_count > 0) {
				*verdict = TEST_NOT_TRIED;
				m->passed_over++;
			}
			m->killed += *verdict == TEST_KILLED;
			m->survived += *verdict == TEST_SURVIVED || *verdict == TEST_UNSEEN;
		}
	}
}

/* A pipeline whose pattern of rule files is mistyped is not to be green for ever. */
static void judge(struct test_run *r) {
	struct test_mutation *m = r->mutation;
	size_t tried = m->killed + m->survived;
	bool enough = m->min >= 0 && 100.0 * (double)m->killed >= m->min * (double)tried;
	bool none = m->min > 0 && tried == 0;
	if (none || (m->survived > 0 && !enough)) {
		test_note(r, EXIT_BAD);
	}
}

void test_mutate(struct test_run *r) {
	struct test_mutation *m = r->mutation;
	if (r->code != EXIT_FINE) {
		options_report(&command_test,
					   "--mutate: the tests must pass before it can be told what they notice");
		return;
	}
	list_files(m);
	for (size_t i = 0; i < m->kept_count; i++) {
		struct test_kept *kept = m->kept[i];
		mutant_suite_init(&kept->suite, &kept->file, kept->set, kept->left_out, r->promtool);
		kept->has_suite = true;
	}
	for (size_t i = 0; i < m->file_count; i++) {
		make_mutants(r, &m->files[i]);
	}
	for (size_t i = 0; i < m->rule_count; i++) {
		m->rules[i].verdicts = ARENA_ARRAY(&m->arena, unsigned char, m->rules[i].mutants.count);
	}
	if (m->made > m->limit) {
		choose_sample(m);
	}
	test_mutate_run(r);
	if (m->broken_off) {
		test_note(r, EXIT_BAD);
		options_report(&command_test, "--mutate: ended before all changes were tried");
		return;
	}
	count_verdicts(r);
	judge(r);
	if (r->json) {
		test_mutate_json(r);
	} else {
		test_mutate_print(r);
	}
}
