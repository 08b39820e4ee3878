"""The configuration in examples/ runs: with the addresses of real servers in it, every rule is evaluated; and every other example has a
test of its own. TAP."""
import fnmatch
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import ROOT, Alertmanager, Home, Prometheus, Tocsin, binary, wait_for
from tap import run

EXAMPLES = os.path.join(ROOT, "examples")
TESTED = {  # patterns of files: the test that runs or checks them, and the words by which it finds them
	"tocsin.yml": ("e2e/examples.py", "tocsin.yml"),
	"rules/*": ("e2e/examples.py", "rules"),
	"web.yml": ("e2e/api.py", '"web.yml"'),
	"compose/*": ("e2e/compose.py", "examples/compose"),
	"kubernetes/*": ("e2e/manifests.py", "examples/kubernetes"),
	"model-server/Dockerfile": ("e2e/compose.py", "model-server"),
	"model-server/*.py": ("e2e/three_alerts.py", "ModelServer"),
	"monitoring/*": ("e2e/monitoring.py", "examples/monitoring"),
	"ci/*": ("io/examples_ci.py", "examples/ci"),
}


def check_is_content(home):
	run = subprocess.run([binary(), "check", os.path.join(EXAMPLES, "tocsin.yml"), *rule_files()], capture_output=True, text=True)
	if run.returncode != 0 or "error" in run.stderr:
		raise AssertionError(run.stderr)


def rule_files():
	folder = os.path.join(EXAMPLES, "rules")
	return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def it_runs(home):
	prometheus = Prometheus(home, "global: {scrape_interval: 1s}\n").start()
	alertmanager = Alertmanager(home).start()
	os.mkdir(os.path.join(home.path, "rules"))
	for path in rule_files():  # without the minutes between their evaluations
		with open(path, encoding="utf-8") as f:
			home.write("rules/" + os.path.basename(path), re.sub(r"interval: \w+", "interval: 1s", f.read()))
	with open(os.path.join(EXAMPLES, "tocsin.yml"), encoding="utf-8") as f:
		text = f.read()
	text = text.replace("http://localhost:9090", prometheus.url).replace("http://localhost:9093", alertmanager.url)
	text = re.sub(r"evaluation_interval: \w+", "evaluation_interval: 1s", text)
	t = Tocsin(home, ["-c", home.write("tocsin.yml", text)]).start()
	rules = wait_for("all rules are evaluated", lambda: all(r["health"] != "unknown" for r in t.rules()) and t.rules())
	bad = [r for r in rules if r["health"] != "ok"]
	if bad or len(rules) < 4:
		raise AssertionError(f"{len(rules)} rules, of which bad: {bad}")
	if t.stop() != 0:
		raise AssertionError(t.log())


def every_example_is_tested(home):
	for folder, _, names in os.walk(EXAMPLES):
		for name in names:
			path = os.path.relpath(os.path.join(folder, name), EXAMPLES)
			test, words = next((TESTED[p] for p in TESTED if fnmatch.fnmatch(path, p)), (None, None))
			if test is None:
				raise AssertionError(f"examples/{path}: no test runs or checks it")
			with open(os.path.join(ROOT, "tests", test), encoding="utf-8") as f:
				if words not in f.read():
					raise AssertionError(f"examples/{path}: tests/{test} says nothing of {words}")


TESTS = [check_is_content, it_runs, every_example_is_tested]

if __name__ == "__main__":
	run(TESTS, Home)
