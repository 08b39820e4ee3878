/* Mutants are tried rule by rule, by as many processes as there are processors for us: each takes the next rule that nobody has.
 * Verdicts and the number of the next rule lie in memory that they share. Nobody goes on alone: children end with their parent, and
 * all of them when it is told to. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/mem.h"
#include "cli/test.h"
#include "engine/io/process.h"
#include "engine/io/rerun.h"

#define PROCESSES_MAX 32
#define ALONE_BELOW 64 /* mutants: a process takes longer to begin */

struct shared {
	atomic_size_t next;
	atomic_bool ended;
	unsigned char *verdicts; /* of all rules, one after the other */
	unsigned char *done;     /* per rule */
	size_t bytes;            /* of it all */
};

struct crew {
	struct test_run *run;
	struct shared *shared;
	size_t *first; /* of each rule's verdicts */
	pid_t parent;
	pid_t children[PROCESSES_MAX];
	size_t child_count;
};

static bool is_ended(struct crew *c) {
	bool alone = getpid() != c->parent && getppid() != c->parent;
	if (rerun_is_ended()) {
		c->shared->ended = true;
	}
	return alone || c->shared->ended;
}

/* ---- one rule ---- */

static unsigned char try_mutant(struct mutant_trial *trials, size_t count,
								const struct test_mutated_rule *rule, const struct mutant *m) {
	struct arena a;
	struct rule changed;
	bool killed = false;
	size_t checks = 0;
	arena_init(&a);
	BUG_ON(!mutant_apply(rule->rule, m, &a, &changed)); /* it was parsed when it was made */
	for (size_t i = 0; i < count && !killed; i++) {
		checks += trials[i].checks;
		killed = trials[i].checks > 0 && mutant_trial_notices(&trials[i], &changed);
	}
	mutant_rule_finish(&changed, rule->rule);
	arena_finish(&a);
	return killed ? TEST_KILLED : checks == 0 ? TEST_UNSEEN : TEST_SURVIVED;
}

static bool is_tried(const struct test_mutated_rule *rule) {
	bool any = false;
	for (size_t k = 0; k < rule->mutants.count; k++) {
		any = any || rule->verdicts[k] != TEST_NOT_TRIED;
	}
	return any;
}

/* false: it was ended. */
static bool try_mutants(struct crew *c, struct mutant_trial *trials,
						const struct test_mutated_rule *rule, unsigned char *verdicts) {
	for (size_t k = 0; k < rule->mutants.count; k++) {
		if (is_ended(c)) {
			return false;
		}
		if (rule->verdicts[k] != TEST_NOT_TRIED) {
			verdicts[k] = try_mutant(trials, rule->file->use_count, rule, &rule->mutants.items[k]);
		}
	}
	return true;
}

static bool try_rule(struct crew *c, const struct test_mutated_rule *rule,
					 unsigned char *verdicts) {
	const struct test_mutated_file *file = rule->file;
	if (!is_tried(rule)) {
		return true;
	}
	struct mutant_trial *trials = mem_calloc(file->use_count, sizeof(*trials));
	for (size_t i = 0; i < file->use_count; i++) {
		struct mutant_slot slot = {file->uses[i].first_group + rule->slot.group, rule->slot.rule};
		mutant_trial_init(&trials[i], &file->uses[i].kept->suite, slot);
	}
	bool done = try_mutants(c, trials, rule, verdicts);
	for (size_t i = 0; i < file->use_count; i++) {
		mutant_trial_finish(&trials[i]);
	}
	free(trials);
	return done;
}

/* ---- the crew ---- */

static void do_rule(struct crew *c, size_t i) {
	struct shared *s = c->shared;
	s->done[i] = try_rule(c, &c->run->mutation->rules[i], s->verdicts + c->first[i]);
}

static void work(struct crew *c, bool shows) {
	size_t count = c->run->mutation->rule_count;
	for (size_t i; !is_ended(c) && (i = atomic_fetch_add(&c->shared->next, 1)) < count;) {
		if (shows) {
			test_progress_group(&c->run->progress, i, count);
		}
		do_rule(c, i);
	}
}

static struct shared *share(size_t mutants, size_t rules) {
	size_t bytes = sizeof(struct shared) + mutants + rules;
	struct shared *s = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED) {
		abort(); /* out of memory */
	}
	s->bytes = bytes;
	s->verdicts = (unsigned char *)(s + 1);
	s->done = s->verdicts + mutants;
	return s;
}

static void start_children(struct crew *c) {
	unsigned processors = process_cpu_count();
	for (unsigned i = 1; i < processors && i < PROCESSES_MAX; i++) {
		pid_t child = fork();
		if (child == 0) {
			work(c, false);
			_exit(0);
		}
		if (child > 0) {
			c->children[c->child_count++] = child;
		}
	}
}

/* What a child that was ended by somebody left undone is done here. */
static void wait_for_children(struct crew *c) {
	for (size_t i = 0; i < c->child_count; i++) {
		waitpid(c->children[i], NULL, 0);
	}
	for (size_t i = 0; i < c->run->mutation->rule_count && !is_ended(c); i++) {
		if (!c->shared->done[i]) {
			do_rule(c, i);
		}
	}
}

static void begin_progress(struct test_run *r) {
	dur_ms began = r->progress.began;
	test_progress_clear(&r->progress);
	test_progress_init(&r->progress, r->progress.on, 1);
	r->progress.began = began;
	test_progress_file(&r->progress, "trying changed rules");
}

static void take_verdicts(const struct crew *c) {
	struct test_mutation *m = c->run->mutation;
	for (size_t i = 0; i < m->rule_count; i++) {
		for (size_t k = 0; k < m->rules[i].mutants.count; k++) {
			if (m->rules[i].verdicts[k] != TEST_NOT_TRIED) {
				m->rules[i].verdicts[k] = c->shared->verdicts[c->first[i] + k];
			}
		}
	}
}

void test_mutate_run(struct test_run *r) {
	struct test_mutation *m = r->mutation;
	struct crew c = {.run = r, .shared = share(m->made, m->rule_count), .parent = getpid()};
	c.first = ARENA_ARRAY(&m->arena, size_t, m->rule_count);
	for (size_t i = 1; i < m->rule_count; i++) {
		c.first[i] = c.first[i - 1] + m->rules[i - 1].mutants.count;
	}
	begin_progress(r);
	if (m->made >= ALONE_BELOW) {
		start_children(&c);
	}
	work(&c, true);
	wait_for_children(&c);
	test_progress_clear(&r->progress);
	m->broken_off = c.shared->ended;
	take_verdicts(&c);
	munmap(c.shared, c.shared->bytes);
}
