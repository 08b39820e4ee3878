"""Runs the external cases, which stand beside the checkout in ../shared/conformance and are not part of the project. Without them there is
nothing to do. What is not expected to pass stands in left.txt, with the reason."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(os.environ["SOURCE_ROOT"], "..", "shared", "conformance")
COUNT = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)


def expected_failures():
	"""script: number of evaluations that are expected to fail"""
	left = {}
	with open(os.path.join(HERE, "left.txt"), encoding="utf-8") as f:
		for line in f:
			words = line.split("#")[0].split()
			if len(words) == 2:
				left[words[0]] = int(words[1])
	return left


def scripts(runner, options, folder, wanted):
	"""Each script by itself, so that the count of each is printed."""
	left, passed, failed = expected_failures(), 0, 0
	names = sorted(n for n in os.listdir(os.path.join(CASES, folder)) if re.match(wanted, n))
	for name in names:
		run = subprocess.run([runner, *options, os.path.join(CASES, folder, name)], capture_output=True, text=True)
		counts = COUNT.findall(run.stdout)
		good, bad = (int(n) for n in counts[-1]) if counts else (0, 1)
		allowed = left.get(f"{folder}/{name}", 0)
		print(f"{folder}/{name}: {good} passed, {bad} failed" + (f" ({allowed} of them expected, see left.txt)" if allowed else ""))
		if bad > allowed:
			print(run.stdout[-3000:], run.stderr[-3000:])
		elif bad < allowed:
			print("  fewer than left.txt says: correct it")
			bad = allowed + 1
		passed += good
		failed += max(0, bad - allowed)
	return passed, failed


def answers(runner, kind):
	run = subprocess.run([runner, kind, os.path.join(CASES, kind, "cases.jsonl")], capture_output=True, text=True)
	counts = COUNT.findall(run.stdout)
	print(run.stdout[-4000:] + run.stderr[-4000:])
	good, bad = (int(n) for n in counts[-1]) if counts else (0, 1)
	allowed = expected_failures().get(kind, 0)
	return good, max(0, bad - allowed)


# What is wrong with each bad file of rules/format: the place of the first error and the end of its message.
REFUSALS = {
	"bad_expr.bad.yaml": r":5:20: error: .*parse error: expected type range vector in call to function \"rate\", got instant vector$",
	"bad_field.bad.yaml": r":8:9: error: .*field annotation not found in type rulefmt\.Rule$",
	"duplicate_grp.bad.yaml": r":3:11: error: groupname: \"yolo\" is repeated in the same file$",
	"record_and_for.bad.yaml": r":6:14: error: .*invalid field 'for' in recording rule$",
	"record_and_keep_firing_for.bad.yaml": r":6:26: error: .*invalid field 'keep_firing_for' in recording rule$",
}


def rule_file(tocsin, folder, name):
	"""true: it is loaded, or refused for the right reason."""
	run = subprocess.run([tocsin, "check", "--lint", "none", os.path.join(CASES, "rules", folder, name)], capture_output=True, text=True)
	if ".bad." not in name:
		good = run.returncode == 0
	else:
		first = run.stderr.splitlines()[:1]
		good = run.returncode == 1 and name in REFUSALS and bool(re.search(REFUSALS[name], "".join(first)))
	if not good:
		print(f"rules/{folder}/{name}: exit code {run.returncode}\n{run.stderr[:1000]}")
	return good


def rule_files(tocsin):
	"""Rule files that people use are loaded, and so are those of Prometheus' own tests; the bad ones are refused."""
	results = [rule_file(tocsin, folder, name) for folder in ("real", "format") for name in sorted(os.listdir(os.path.join(CASES, "rules", folder)))]
	return results.count(True), results.count(False)


def main():
	runner, what = sys.argv[1:3]
	if not os.path.isdir(CASES):
		print("no external cases beside the checkout")
		sys.exit(77)
	if what == "promql":
		passed, failed = scripts(runner, [], "promql", r".*\.test$")
	elif what == "promql-random":
		passed, failed = scripts(runner, [], "promql-random", r"\d+\.test$")
	elif what == "promql-random-at-once":
		passed, failed = scripts(runner, ["--names-removed-at-once"], "promql-random", r"prod_.*\.test$")
	elif what == "rules":
		passed, failed = rule_files(runner)
	else:
		passed, failed = answers(runner, what)
	print(f"{passed} passed, {failed} failed")
	sys.exit(1 if failed else 0)


main()
