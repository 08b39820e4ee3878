/* The changes that no test noticed, each where it was made. */
#include <stdio.h>
#include <unistd.h>

#include "base/gofloat.h"
#include "cli/terminal.h"
#include "cli/test.h"
#include "engine/rule-tests/mutant_place.h"

#define SHOWN_SURVIVORS 100u /* all are in the JSON */
#define SHOWN_UNSEEN 20u     /* rules that no test looks at */
#define SHOWN_BYTES 80u      /* of a piece of an expression */

/* On one line, and not too long. */
static struct str piece(struct arena *a, struct str text) {
	struct strbuf out = STRBUF_IN(a);
	bool blank = false;
	text = str_trim(text);
	for (size_t i = 0; i < text.len; i++) {
		bool is_blank = strchr(" \t\r\n", text.ptr[i]) != NULL;
		bool continues = ((unsigned char)text.ptr[i] & 0xC0) == 0x80; /* a character of UTF-8 */
		if (out.len >= SHOWN_BYTES && !continues) {
			strbuf_add_c(&out, "…");
			break;
		}
		if (!is_blank || !blank) {
			strbuf_add_char(&out, is_blank ? ' ' : text.ptr[i]);
		}
		blank = is_blank;
	}
	return strbuf_str(&out);
}

static void describe(struct diags *diags, const struct mutant *m, struct span span) {
	struct str before = piece(diags->arena, m->before), after = piece(diags->arena, m->after);
	if (after.len == 0) {
		diags_add(diags, DIAG_WARNING, span, "%.*s was removed", STR_FMT(before));
	} else {
		diags_add(diags, DIAG_WARNING, span, "%.*s became %.*s", STR_FMT(before), STR_FMT(after));
	}
}

static size_t count_of(const struct test_mutated_rule *rule, enum test_verdict verdict) {
	size_t count = 0;
	for (size_t k = 0; k < rule->mutants.count; k++) {
		count += rule->verdicts[k] == verdict;
	}
	return count;
}

static void add_rule(struct diags *diags, const struct mutant_places *places,
					 const struct test_mutated_rule *rule) {
	for (size_t k = 0; k < rule->mutants.count; k++) {
		if (rule->verdicts[k] == TEST_SURVIVED) {
			const struct mutant *m = &rule->mutants.items[k];
			describe(diags, m, mutant_places_find(places, rule->rule, m));
		}
	}
}

static void print_file(struct test_run *r, const struct test_mutated_file *file, size_t *left) {
	struct test_mutation *m = r->mutation;
	struct mutant_places places;
	struct strbuf out = STRBUF_INIT;
	struct diags diags;
	struct diag_style style = {.color = terminal_color(STDOUT_FILENO), .word = "survived"};
	mutant_places_init(&places, file->text);
	diags_init(&diags, &places.arena);
	for (size_t i = 0; i < m->rule_count; i++) {
		if (m->rules[i].file == file) {
			add_rule(&diags, &places, &m->rules[i]);
		}
	}
	diags_sort(&diags);
	size_t all = diags.count + diags.dropped;
	diags.dropped = 0;
	diags.count = diags.count < *left ? diags.count : *left;
	*left -= diags.count;
	diags_render(&out, &diags, file->path, file->text, style);
	if (all > diags.count) {
		strbuf_add_c(&out, "… and ");
		strbuf_add_number(&out, all - diags.count);
		strbuf_printf(&out, " more in %s (--json has all)\n", file->path);
	}
	fputs(out.len > 0 ? out.ptr : "", stdout);
	strbuf_finish(&out);
	mutant_places_finish(&places);
}

/* What is to be done about them is another thing: a test is missing, not a check. */
static void print_unseen(struct test_run *r) {
	struct test_mutation *m = r->mutation;
	size_t rules = 0;
	for (size_t i = 0; i < m->rule_count; i++) {
		const struct test_mutated_rule *rule = &m->rules[i];
		size_t unseen = count_of(rule, TEST_UNSEEN);
		if (unseen == 0 || rules++ >= SHOWN_UNSEEN) {
			continue;
		}
		struct strbuf line = STRBUF_INIT;
		struct diag_place place = diag_place(rule->file->text, rule->rule->name_span.start);
		strbuf_printf(&line, "%s:%zu:%zu: survived: no test looks at %.*s, all ", rule->file->path,
					  place.line, place.column, STR_FMT(rule->rule->name));
		strbuf_add_count(&line, unseen, "mutant");
		puts(line.ptr);
		strbuf_finish(&line);
	}
	if (rules > SHOWN_UNSEEN) {
		struct strbuf line = STRBUF_INIT;
		strbuf_add_c(&line, "… and ");
		strbuf_add_number(&line, rules - SHOWN_UNSEEN);
		strbuf_add_c(&line, " more rules that no test looks at (--json has all)");
		puts(line.ptr);
		strbuf_finish(&line);
	}
}

static void print_summary(struct test_run *r) {
	const struct test_mutation *m = r->mutation;
	struct strbuf line = STRBUF_INIT;
	size_t tried = m->killed + m->survived;
	strbuf_add_count(&line, tried, "mutant");
	strbuf_add_c(&line, ", ");
	strbuf_add_number(&line, m->killed);
	strbuf_add_c(&line, " killed, ");
	strbuf_add_number(&line, m->survived);
	strbuf_add_c(&line, " survived (");
	strbuf_add_number(&line, m->equivalent);
	strbuf_add_c(&line, " equivalent left out)");
	if (tried > 0) {
		strbuf_printf(&line, ": %zu%%", 100 * m->killed / tried);
	}
	if (m->left_out > 0) {
		strbuf_add_c(&line, "\na sample: ");
		strbuf_add_number(&line, m->left_out);
		strbuf_add_c(&line, " more were not tried (--mutate-limit, --mutate-seed)");
	}
	if (m->passed_over > 0) {
		strbuf_add_c(&line, "\n");
		strbuf_add_number(&line, m->passed_over);
		strbuf_add_c(&line, " more were not tried: no test that --run finds looks at their rules");
	}
	puts(line.ptr);
	strbuf_finish(&line);
}

void test_mutate_print(struct test_run *r) {
	struct test_mutation *m = r->mutation;
	size_t left = SHOWN_SURVIVORS;
	for (size_t i = 0; i < m->file_count; i++) {
		print_file(r, &m->files[i], &left);
	}
	print_unseen(r);
	if (!r->quiet || m->survived > 0 || r->code != EXIT_FINE) {
		print_summary(r);
	}
}

/* ---- JSON ---- */

static void json_count(struct json_writer *w, const char *key, size_t count) {
	json_key(w, key);
	json_int(w, (int64_t)count);
}

static void json_text(struct json_writer *w, const char *key, struct str text) {
	json_key(w, key);
	json_string(w, text);
}

static void json_survivor(struct json_writer *w, const struct test_mutated_rule *rule,
						  const struct mutant *m, struct span span, bool seen) {
	struct diag_place place = diag_place(rule->file->text, span.start);
	json_open_object(w);
	json_text(w, "file", str_from(rule->file->path));
	json_count(w, "line", place.line);
	json_count(w, "column", place.column);
	json_text(w, "group", rule->file->file->groups[rule->slot.group].name);
	json_text(w, "rule", rule->rule->name);
	json_text(w, "operator", str_from(mutant_operator_word[m->op]));
	json_text(w, "before", m->before);
	json_text(w, "after", m->after);
	json_key(w, "looked_at");
	json_bool(w, seen);
	json_close_object(w);
}

static void json_rule(struct json_writer *w, const struct mutant_places *places,
					  const struct test_mutated_rule *rule) {
	for (size_t k = 0; k < rule->mutants.count; k++) {
		unsigned char verdict = rule->verdicts[k];
		const struct mutant *m = &rule->mutants.items[k];
		if (verdict == TEST_SURVIVED || verdict == TEST_UNSEEN) {
			json_survivor(w, rule, m, mutant_places_find(places, rule->rule, m),
						  verdict == TEST_SURVIVED);
		}
	}
}

void test_mutate_json(struct test_run *r) {
	struct test_mutation *m = r->mutation;
	struct json_writer *w = &r->json_writer;
	json_key(w, "mutation");
	json_open_object(w);
	json_count(w, "mutants", m->killed + m->survived);
	json_count(w, "killed", m->killed);
	json_count(w, "survived", m->survived);
	json_count(w, "equivalent", m->equivalent);
	json_count(w, "not_tried", m->left_out + m->passed_over);
	json_key(w, "survivors");
	json_open_array(w);
	for (size_t f = 0; f < m->file_count; f++) {
		struct mutant_places places;
		mutant_places_init(&places, m->files[f].text);
		for (size_t i = 0; i < m->rule_count; i++) {
			if (m->rules[i].file == &m->files[f]) {
				json_rule(w, &places, &m->rules[i]);
			}
		}
		mutant_places_finish(&places);
	}
	json_close_array(w);
	json_close_object(w);
}
