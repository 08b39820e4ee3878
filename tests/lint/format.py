"""clang-format decides; braces stand around every body."""
import os
import re
import shutil
import subprocess
import sys

from tree import ROOT, c_files, finish, lines_of

if shutil.which("clang-format") is None:
	print("clang-format is not installed")
	sys.exit(77)
complaints = []
paths = c_files((".c", ".h"))
run = subprocess.run(["clang-format", "--dry-run", "--Werror"] + paths, cwd=ROOT, capture_output=True, text=True)
for line in run.stderr.split("\n"):
	if "error:" in line:
		complaints.append(line)


def is_bare(line):
	"""A control line that is whole (its parentheses close) and opens no brace."""
	line = re.sub(r"'(\\.|[^'])'|\"(\\.|[^\"])*\"", "0", line)
	head = re.match(r"\s*(?:\} )?(?:if|else if|for|while) (\(.*)$", line)
	if not head:
		return re.match(r"\s*(\} )?else( [^{i].*)?$", line) is not None
	depth, text = 0, head.group(1)
	for at, char in enumerate(text):
		depth += (char == "(") - (char == ")")
		if depth == 0:
			rest = text[at + 1:].strip()
			return not rest.startswith("{") and rest != "\\"
	return False


for path in paths:
	for number, line in enumerate(lines_of(path), 1):
		if is_bare(line) and not line.lstrip().startswith("} while"):
			complaints.append(f"{path}:{number}: braces around the body")
finish("format", complaints)
