"""rule_test_update.py TOCSIN FOLDER: every rule-test file of the folder that fails, rather than being refused, passes once --update has written what
was got into a copy; in promtool, too, where that is installed and reads the file. With a comment on every line and above it, all of them are
still there afterwards, and nothing changes the second time. A folder beginning with "external:" is looked up beside the checkout."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOCSIN = os.path.abspath(sys.argv[1])
PROMTOOL = shutil.which("promtool")
if PROMTOOL and not re.search(r"version [3-9]", subprocess.run([PROMTOOL, "--version"], capture_output=True, text=True).stdout):
	PROMTOOL = None  # range selectors of version 2 have one sample more


def run(folder, *arguments):
	return subprocess.run([TOCSIN, "test", *arguments], cwd=folder, capture_output=True, text=True, timeout=120)


def read(path):
	with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
		return f.read()


def write(path, text):
	with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as f:
		f.write(text)


def failures(folder, name, *options):
	"""How many checks fail; None: the file, a group or a rule cannot be run."""
	done = run(folder, "--json", *options, name)
	if done.returncode not in (0, 1):
		return None
	file = json.loads(done.stdout)["files"][0]
	bad = any("error" in t or t.get("rule_errors") for t in file["tests"])
	return None if bad or (not file["tests"] and not file["passed"]) else json.loads(done.stdout)["failed"]


def commented(text):
	"""A comment above every line that a key begins, and at its end."""
	lines = []
	for number, line in enumerate(text.split("\n")):
		indent = re.match(r" *", line).group()
		if re.match(r" *(- )*[\w\"]+:( |$)", line):
			lines += [f"{indent}# above {number}.", f"{line} # behind {number}."]
		else:
			lines.append(line)
	return "\n".join(lines)


def promtool_refuses(folder, name):
	"""None: it runs the file, and all is well."""
	done = subprocess.run([PROMTOOL, "test", "rules", name], cwd=folder, capture_output=True, text=True, timeout=120)
	return None if done.returncode == 0 else done.stdout + done.stderr


def promtool_reads(folder, name):
	said = promtool_refuses(folder, name)
	return said is None or re.search(r"\n\s*(alertname|expr): ", said) is not None


def judge(folder, name, text, options, with_promtool):
	"""What is wrong, or None."""
	path = os.path.join(folder, name)
	done = run(folder, "--update", *options, name)
	refused = done.stderr.count(" is not updated: ")
	left = failures(folder, name, *options)
	if left != refused or "left as it is" in done.stderr:
		return f"{left} checks fail after the update\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
	first = read(path)
	run(folder, "--update", *options, name)
	if read(path) != first:
		return "the second update changes something"
	gone = [c for c in re.findall(r"# (?:above|behind) \d+\.", text) if c not in first]
	if gone:
		return f"comments are gone: {gone[:5]}"
	if with_promtool and not refused:
		said = promtool_refuses(folder, name)
		if said is not None:
			return f"promtool: {said[-1500:]}"
	return None


def judge_file(source, name):
	"""A list of what is wrong, and how many ways were tried."""
	wrong, tried = [], 0
	for options in ([], ["--compat", "promtool"]):
		for change in (lambda text: text, commented):
			with tempfile.TemporaryDirectory() as scratch:
				folder = os.path.join(scratch, "copy")
				shutil.copytree(source, folder)
				text = change(read(os.path.join(folder, name)))
				write(os.path.join(folder, name), text)
				if not failures(folder, name, *options):
					continue
				tried += 1
				reads = bool(PROMTOOL and options and promtool_reads(folder, name))
				said = judge(folder, name, text, options, reads)
				wrong += [f"{name}, {' '.join(options)}: {said}"] if said else []
	return wrong, tried


def main():
	folder = sys.argv[2]
	if folder.startswith("external:"):
		folder = os.path.join(os.environ["SOURCE_ROOT"], "..", "shared", "conformance", folder.split(":", 1)[1])
	if not os.path.isdir(folder):
		print("no external cases beside the checkout")
		sys.exit(77)
	wrong, tried = [], 0
	for name in sorted(os.listdir(folder)):
		if name.endswith(".yml") and re.search(r"^tests:", read(os.path.join(folder, name)), re.M):
			said, count = judge_file(folder, name)
			wrong, tried = wrong + said, tried + count
	print("\n".join(wrong))
	print(f"{tried - len(wrong)} passed, {len(wrong)} failed")
	sys.exit(1 if wrong or not tried else 0)


main()
