"""docs/metrics.md has every metric that the code can print, with its type and its labels, and none that it cannot; what /metrics answers in the
golden test is among them."""
import os
import re

from tree import ROOT, c_files, finish, lines_of

DECLARED = r'"((?:prometheus|tocsin|process)_\w+)",\s*METRICS_(\w+)'
ROW = r"^\| `((?:prometheus|tocsin|process)_\w+)` \| (\w+) \| (.*?) ?\| .+ \|$"
code = "\n".join("\n".join(lines_of(path)) for path in c_files((".c",)) if path.startswith("engine/"))
with open(os.path.join(ROOT, "docs/metrics.md"), encoding="utf-8") as f:
	page = f.read()
printed = "\n".join(lines_of("tests/golden/api/metrics.txt"))

types = {name: kind.lower() for name, kind in re.findall(DECLARED, code)}
rows = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in re.findall(ROW, page, re.M)}
seen = dict(re.findall(r"^# TYPE (\w+) (\w+)$", printed, re.M))
labels = {}
for name, braces in re.findall(r"^((?:prometheus|tocsin|process)_\w+)(\{.*\})? \S+$", printed, re.M):
	family = next(n for n in (name, re.sub("_(sum|count|bucket)$", "", name)) if n in seen)
	labels.setdefault(family, set()).update(re.findall(r'(\w+)="', braces))

complaints = [] if len(types) > 40 and len(seen) > 30 else ["the metrics were not found in the code"]
complaints += [f"docs/metrics.md: {name} is missing" for name in types if name not in rows]
complaints += [f"docs/metrics.md: there is no metric {name}" for name in rows if name not in types]
complaints += [f"docs/metrics.md: {name} is a {types[name]}" for name in types if name in rows and rows[name][0] != types[name]]
complaints += [f"docs/metrics.md: {name} has the labels {sorted(labels[name])}" for name in seen if name in rows and rows[name][1] != labels[name]]
complaints += [f"tests/golden/api/metrics.txt: {name} is not known to be declared" for name in seen if name not in types]
for name in set(re.findall(r"\b(?:prometheus|tocsin|process)_\w+\b", page)) - set(types):
	if name not in ("prometheus_", "tocsin_", "process_"):
		complaints.append(f"docs/metrics.md: {name} is not a metric")
finish("metrics", complaints)
