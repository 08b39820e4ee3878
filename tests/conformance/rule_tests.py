"""rule_tests.py TOCSIN BOTH_WAYS FOLDER: every rule-test file of the folder gets promtool's verdict, in text as in JSON and JUnit, and looking
ahead changes nothing in what is reported. The verdict is promtool's exit code: it stands in verdicts.txt, or follows from the file's name
(NAME.bad.test.yml, bad-NAME, failing.yml fail). A folder beginning with "external:" is looked up beside the checkout, where there may be none."""
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

TOCSIN, BOTH_WAYS, FOLDER = (os.path.abspath(a) for a in sys.argv[1:4])
COUNT = re.compile(r"^(\d+) passed, (\d+) failed$", re.M)


def read(path):
	with open(path, encoding="utf-8", errors="replace") as f:
		return f.read()


def verdicts(folder):
	"""file: exit code"""
	table = os.path.join(folder, "verdicts.txt")
	if os.path.exists(table):
		return {name: int(code) for name, code in (line.split() for line in read(table).splitlines())}
	names = [n for n in sorted(os.listdir(folder)) if n.endswith(".yml")]
	tests = [n for n in names if n.endswith(".test.yml") or re.search(r"^tests:", read(os.path.join(folder, n)), re.M)]
	return {n: int(bool(re.match(r"bad-|failing", n) or ".bad." in n)) for n in tests}


def judge(folder, name, wanted, junit):
	"""What is wrong with the answer, or None."""
	run = subprocess.run([TOCSIN, "test", "--compat", "promtool", "--json", "--junit", junit, name], cwd=folder, capture_output=True, text=True, timeout=120)
	if run.returncode != wanted:
		return f"promtool's exit code is {wanted}, and this one {run.returncode}\n{run.stdout[:2000]}{run.stderr[:2000]}"
	answer = json.loads(run.stdout)
	suites = ElementTree.parse(junit).getroot()
	failed = [t for t in answer["files"][0]["tests"] if not t["passed"]]
	cases = suites.findall("./testsuite/testcase")
	bad_cases = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
	if answer["files"][0]["passed"] != (wanted == 0) or bool(bad_cases) != (wanted == 1):
		return "the exit code, JSON and JUnit say different things"
	if failed and len(bad_cases) != len(failed):
		return f"{len(failed)} tests failed in JSON, {len(bad_cases)} in JUnit"
	return None


def main():
	folder = FOLDER
	if sys.argv[3].startswith("external:"):
		folder = os.path.join(os.environ["SOURCE_ROOT"], "..", "shared", "conformance", sys.argv[3].split(":", 1)[1])
	if not os.path.isdir(folder):
		print("no external cases beside the checkout")
		sys.exit(77)
	wanted, passed, failed = verdicts(folder), 0, 0
	with tempfile.TemporaryDirectory() as scratch:
		for name, code in wanted.items():
			wrong = judge(folder, name, code, os.path.join(scratch, "junit.xml"))
			passed, failed = passed + (wrong is None), failed + (wrong is not None)
			if wrong:
				print(f"{name}: {wrong}")
	run = subprocess.run([BOTH_WAYS, *(os.path.join(folder, name) for name in wanted)], capture_output=True, text=True, timeout=300)
	print(run.stdout[-4000:] + run.stderr[-4000:])
	counts = COUNT.findall(run.stdout)
	good, bad = (int(n) for n in counts[-1]) if counts and run.returncode in (0, 1) else (0, 1)
	print(f"{passed + good} passed, {failed + bad} failed")
	sys.exit(1 if failed + bad else 0)


main()
