"""Every header compiles alone, has a guard, and says on its first line what it is."""
import os
import re
import subprocess
import sys

from tree import ROOT, c_files, finish, lines_of

generated, *compiler = sys.argv[1:]  # the folder of generated headers
complaints = []
for path in c_files((".h",)):
	lines = lines_of(path)
	if not lines[0].startswith("/*"):
		complaints.append(f"{path}:1: begin with a comment that says what this is")
	if not any(re.match(r"#ifndef \w+_H$", line) for line in lines):
		complaints.append(f"{path}: no include guard")
	if path == "base/banned.h":
		continue
	flags = ["-std=c11", "-D_GNU_SOURCE", "-I" + ROOT, "-I" + generated, "-include", os.path.join(ROOT, "base/banned.h"),
			 "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c"]
	run = subprocess.run(compiler + flags + ["-"], input=f'#include "{path}"\n', capture_output=True, text=True)
	if run.returncode != 0:
		complaints.append(f"{path}: does not compile alone:\n{run.stderr}")
finish("headers", complaints)
