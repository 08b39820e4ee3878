"""The configuration reference names every setting, flag and variable of the option table, and nothing that is not there; the page about rule
tests names every option and key."""
import os
import re

from tree import ROOT, finish, lines_of

OPTION = r'OPTION\(\s*(section )?"([\w.]+)",\s*SETTING_\w+,\s*[\w.]+,\s*(?:flag )?("[\w-]+"|NULL),\s*(?:variable )?"(\w+)"'
source = "\n".join(re.sub(r"\s*\\$", "", line) for line in lines_of("engine/config/config_option.c"))
keys = "\n".join(lines_of("engine/config/config_access.c") + lines_of("engine/config/config_access_private.h"))
with open(os.path.join(ROOT, "docs/configuration.md"), encoding="utf-8") as f:
	text = f.read()
with open(os.path.join(ROOT, "examples/tocsin.yml"), encoding="utf-8") as f:
	example = f.read()
found = [(bool(section), name, flag.strip('"') if flag != "NULL" else None, variable)
		 for section, name, flag, variable in re.findall(OPTION, source)]
rows = [row[1:] for row in found if not row[0]]
# the way into a server: the same options for each section that has one, written out once
sections = re.findall(r'ACCESS_OPTIONS\(\s*"(\w+)", \w+, "([\w-]+)",\s*"(\w+)"', source)
access_rows = [row[1:] for row in found if row[0]]
rows += [(name.lstrip("."), flag and "prometheus" + flag, "PROMETHEUS" + variable) for name, flag, variable in access_rows]
in_file_only = re.findall(r'FILE_ONLY\(\s*"([\w.]+)"', source)
complaints = [] if len(rows) > 30 and len(access_rows) > 10 and len(sections) > 2 else ["the option table was not found"]
for section, flag, variable in sections:
	if section != "prometheus" and (f"`--{flag}-username`" not in text or f"`TOCSIN_{variable}_USERNAME`" not in text):
		complaints.append(f"docs/configuration.md: it is not said that {section} has such options, --{flag}-…, TOCSIN_{variable}_…")
for name, flag, variable in rows:
	flag_cell = rf"`--{flag}( [^`]+)?`" if flag else ""
	if not re.search(rf"^\| `{re.escape(name)}` \| {flag_cell} ?\| `TOCSIN_{variable}` \|", text, re.M):
		complaints.append(f"docs/configuration.md: no row for {name}, --{flag}, TOCSIN_{variable}")
	if not re.search(rf"^[\s#-]*{name.rsplit('.', 1)[-1]}:", example, re.M):
		complaints.append(f"examples/tocsin.yml: {name} is missing")
for name in in_file_only:
	if not re.search(rf"^\| `{re.escape(name)}` \| *\| *\|", text, re.M):
		complaints.append(f"docs/configuration.md: no row for {name}, which stands only in the file")
	if not re.search(rf"^\s*#?\s*{name.rsplit('.', 1)[-1]}:", example, re.M):
		complaints.append(f"examples/tocsin.yml: {name} is missing")
# the keys that every server's section has, in a table of their own
access = re.findall(r'ROW\((?:prefix )?"(\w+)", SETTING_|LEAF\(prefix, base, "(\w+)", SETTING_', keys)
access = sorted({one or other for one, other in access})
complaints += [] if len(access) > 20 else ["the table of the keys of access was not found"]
for name in access:
	if not re.search(rf"^\| .*`{name}`.* \| .+ \|$|^\| .+ \| .*`{name}`.* \|$", text, re.M):
		complaints.append(f"docs/configuration.md: no row for {name}, a key of access")
for name in re.findall(r"^\| `([\w.]+)` \|", text, re.M):
	if name not in [row[0] for row in rows] + in_file_only + access:
		complaints.append(f"docs/configuration.md: there is no setting {name}")
# the page about rule tests: every option of the command and every key of a test file
with open(os.path.join(ROOT, "docs/testing.md"), encoding="utf-8") as f:
	testing = f.read()
flags = re.findall(r'\.flag = "([\w-]+)"', "\n".join(lines_of("cli/test.c")))
fields = re.findall(r'= \{"(\w+)", FIELD_', "\n".join(line for part in ("", "_alert", "_expr", "_series") for line in lines_of(f"rules/test_file{part}.c")))
complaints += [] if len(flags) > 5 and len(fields) > 30 else ["the tables of rule tests were not found"]
complaints += [f"docs/testing.md: --{flag} is missing" for flag in flags if f"`--{flag}" not in testing]
complaints += [f"docs/testing.md: {field} is missing" for field in fields if not re.search(rf"\b{field}\b", testing)]
finish("docs", complaints)
