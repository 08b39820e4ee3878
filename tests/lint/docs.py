"""The configuration reference names every setting, flag and variable of the option table, and nothing that is not there."""
import os
import re

from tree import ROOT, finish, lines_of

source = "\n".join(lines_of("engine/config_option.c"))
with open(os.path.join(ROOT, "docs/configuration.md"), encoding="utf-8") as f:
	text = f.read()
with open(os.path.join(ROOT, "examples/tocsin.yml"), encoding="utf-8") as f:
	example = f.read()
rows = re.findall(r'OPTION\(\s*"([\w.]+)", SETTING_\w+, [\w.]+,\s*"([\w-]+)",\s*"(\w+)"', source)
in_file_only = re.findall(r'FILE_ONLY\(\s*"([\w.]+)"', source)
complaints = [] if len(rows) > 10 else ["the option table was not found"]
for name, flag, variable in rows:
	if not re.search(rf"^\| `{re.escape(name)}` \| `--{flag}( [^`]+)?` \| `TOCSIN_{variable}` \|", text, re.M):
		complaints.append(f"docs/configuration.md: no row for {name}, --{flag}, TOCSIN_{variable}")
	if not re.search(rf"^\s*{name.rsplit('.', 1)[-1]}:", example, re.M):
		complaints.append(f"examples/tocsin.yml: {name} is missing")
for name in in_file_only:
	if not re.search(rf"^\| `{re.escape(name)}` \| *\| *\|", text, re.M):
		complaints.append(f"docs/configuration.md: no row for {name}, which stands only in the file")
	if not re.search(rf"^\s*#?\s*{name.rsplit('.', 1)[-1]}:", example, re.M):
		complaints.append(f"examples/tocsin.yml: {name} is missing")
for name in re.findall(r"^\| `([\w.]+)` \|", text, re.M):
	if name not in [row[0] for row in rows] + in_file_only:
		complaints.append(f"docs/configuration.md: there is no setting {name}")
finish("docs", complaints)
