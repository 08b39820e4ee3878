"""The table of limits in docs/security.md says what the code says, has all of engine/limits.h, and its settings are settings."""
import os
import re

from tree import ROOT, c_files, finish, lines_of

UNITS = {"": 1, " KiB": 1 << 10, " MiB": 1 << 20, " GiB": 1 << 30}
DEFINE = r"^#define (\w+)\s+\(?(\d+)u?(?: << (\d+)\))?\s*(?:/\*.*)?$"
values = {name: int(number) << int(shift or 0) for path in c_files((".c", ".h")) for name, number, shift in re.findall(DEFINE, "\n".join(lines_of(path)), re.M)}
own = re.findall(r"^#define (LIMIT_\w+) ", "\n".join(lines_of("engine/limits.h")), re.M)
with open(os.path.join(ROOT, "docs/security.md"), encoding="utf-8") as f:
	rows = {name: (int(number) * UNITS[unit], setting) for number, unit, setting, name in
			re.findall(r"^\| .+ \| (\d+)( [KMG]iB)? \| (?:`(.+)` )?\| `(\w+)` \|$", f.read(), re.M)}
options = "\n".join(lines_of("engine/config/config_option.c"))
flags = re.findall(r'\.flag = "([\w-]+)"', "\n".join("\n".join(lines_of(path)) for path in c_files((".c",)) if path.startswith("cli/")))
complaints = [] if len(own) > 10 and len(rows) > len(own) else ["the limits were not found"]
complaints += [f"docs/security.md: {name} of engine/limits.h is missing" for name in own if name not in rows]
for name, (value, setting) in rows.items():
	if values.get(name) != value:
		complaints.append(f"docs/security.md: {name} is {value}, in the code {values.get(name)}")
	if setting and f'"{setting}"' not in options and setting.removeprefix("--") not in flags:
		complaints.append(f"docs/security.md: there is no setting {setting}")
finish("limits", complaints)
