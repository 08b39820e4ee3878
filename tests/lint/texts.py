"""What docs/troubleshooting.md quotes of tocsin in its tables, tocsin says: each piece between two '…' stands in a text of the code."""
import os
import re

from tree import ROOT, c_files, finish, lines_of

# Prometheus', the system's, a number of HTTP, and a picture
OF_OTHERS = {"execution: ", "bad_data: ", "Permission denied", "HTTP status 404: ", "FILE:LINE:COLUMN: error: "}
LITERAL = r'"((?:[^"\\\n]|\\.)*)"'
texts = []
for path in c_files((".c", ".h")):
	if not path.startswith("tests/"):
		for match in re.finditer(rf"{LITERAL}(?:\s+{LITERAL})*", "\n".join(lines_of(path))):
			texts.append("".join(re.findall(LITERAL, match.group())).replace('\\"', '"'))
defines = {name: text for path in c_files((".c", ".h")) for name, text in re.findall(rf"#define (\w+) {LITERAL}\n", "\n".join(lines_of(path)))}
said = "\n".join(texts + list(defines.values()))
with open(os.path.join(ROOT, "docs/troubleshooting.md"), encoding="utf-8") as f:
	rows = [line for line in f if line.startswith("| `") or re.match(r"\| \d \| `", line)]
quoted = [text for row in rows for text in re.findall(r"`([^`]+)`", row.split(" | ")[1 if row[2].isdigit() else 0])]
pieces = [piece for text in quoted for piece in re.split("…", text) if len(piece.strip(" :;\"")) > 3]
complaints = [] if len(pieces) > 40 and len(texts) > 1000 else ["the texts were not found"]
complaints += [f'docs/troubleshooting.md: tocsin does not say "{piece}"' for piece in pieces if piece.lstrip(": ") not in said and piece not in OF_OTHERS]
finish("texts", complaints)
