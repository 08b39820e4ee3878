"""The C files of the project, as the lints see them."""
import os
import re
import sys

ROOT = os.environ.get("SOURCE_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ["base", "promql-lite", "notifiers", "rules", "engine", "cli", "tests"]


def c_files(suffixes=(".c", ".h", ".def")):
	"""Paths relative to the root, sorted."""
	found = []
	for folder in FOLDERS:
		for place, _, names in os.walk(os.path.join(ROOT, folder)):
			found += [os.path.relpath(os.path.join(place, n), ROOT) for n in names if n.endswith(suffixes)]
	return sorted(found)


def lines_of(path):
	with open(os.path.join(ROOT, path), encoding="utf-8") as f:
		return f.read().split("\n")


def functions_of(path):
	"""(name, first line, last line) of every function body. Relies on the format: a body begins with a line that ends in
	'{' at top level and ends with a line that is '}'."""
	start, head = None, ""
	for number, line in enumerate(lines_of(path), 1):
		if start is None:
			if line and not line[0].isspace() and line[0] not in "#/*}":
				head, first = line, number
			elif line and line[0].isspace() and head and not head.endswith((";", "}")):
				head += " " + line.strip()
			if head.endswith(") {"):
				start = first
		elif line == "}":
			name = re.search(r"(\w+)\(", head)
			yield (name.group(1) if name else "?", start, number)
			start, head = None, ""
		if head.endswith((";", "{")) and start is None:
			head = ""


def finish(name, complaints):
	for complaint in complaints:
		print(complaint)
	print(f"{name}: {len(complaints)} complaints")
	sys.exit(1 if complaints else 0)
