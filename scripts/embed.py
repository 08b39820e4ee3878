#!/usr/bin/env python3
"""Writes the preset rule files as a C table: embed.py OUTPUT.c FILE.yml..."""

import pathlib
import sys


def literal(data):
    """C string literals for the bytes, one a line of text."""
    for line in data.splitlines(keepends=True):
        out = ""
        for byte in line:
            char = chr(byte)
            if char in '"\\':
                out += "\\" + char
            elif 32 <= byte < 127:
                # No trigraph can come about.
                out += "\\?" if char == "?" else char
            elif char == "\n":
                out += "\\n"
            else:
                out += f"\\{byte:03o}"
        yield f'\t"{out}"'


def main(output, files):
    texts = []
    for path in sorted(map(pathlib.Path, files)):
        data = path.read_bytes()
        title = data.split(b"\n", 1)[0].lstrip(b"# ").strip()
        texts.append((path.stem.encode(), title, data))
    lines = [
        '#include "rules/preset_private.h"',
        "",
        '#pragma GCC diagnostic ignored "-Woverlength-strings"',
        "",
    ]
    for i, (_, _, data) in enumerate(texts):
        lines += [f"static const char text_{i}[] =", "\n".join(literal(data)) + ";", ""]
    lines.append("const struct preset preset_table[] = {")
    for i, (name, title, _) in enumerate(texts):
        fields = [next(literal(word)).strip() for word in (name, title)]
        lines.append(f"\t{{{fields[0]}, {fields[1]}, {{text_{i}, sizeof(text_{i}) - 1}}}},")
    lines += ["};", f"const size_t preset_table_count = {len(texts)};", ""]
    pathlib.Path(output).write_text("\n".join(lines))


main(sys.argv[1], sys.argv[2:])
