"""Budgets: lines of a file, lines of a function, columns of a line of code; and words that admit something unfinished."""
import re

from tree import c_files, finish, functions_of, lines_of

FILE_MAX = 1000
FUNCTION_MAX = 80
FUNCTION_USUAL, USUAL_SHARE = 60, 0.95
COLUMNS_CODE, COLUMNS_COMMENT = 100, 132
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def flat_switch(lines):
	"""Arms of one line each make a table, however long."""
	arms = sum(1 for line in lines if re.match(r"\s*(case .*|default):", line))
	return arms > len(lines) * 0.7


def columns(line):
	return len(line.expandtabs(4))


complaints, lengths = [], []
for path in c_files():
	lines = lines_of(path)
	if len(lines) > FILE_MAX:
		complaints.append(f"{path}: {len(lines)} lines, at most {FILE_MAX}")
	for number, line in enumerate(lines, 1):
		comment = re.match(r"\s*(/\*|\*|//)|.*(/\*.*\*/|//.*|\\)\s*$|.*/\* ", line)
		text = '"' in line
		limit = COLUMNS_COMMENT if comment or text or path.endswith(".def") else COLUMNS_CODE
		if columns(line) > limit:
			complaints.append(f"{path}:{number}: {columns(line)} columns, at most {limit}")
		if UNFINISHED.search(line):
			complaints.append(f"{path}:{number}: finish it, or say it elsewhere")
	for name, first, last in functions_of(path):
		length = last - first + 1
		lengths.append((length, path, name))
		if length > FUNCTION_MAX and not flat_switch(lines[first:last]):
			complaints.append(f"{path}:{first}: {name} has {length} lines, at most {FUNCTION_MAX}")
usual = sum(1 for length, _, _ in lengths if length <= FUNCTION_USUAL)
if lengths and usual < USUAL_SHARE * len(lengths):
	complaints.append(f"only {usual} of {len(lengths)} functions have at most {FUNCTION_USUAL} lines")
print(f"{len(lengths)} functions, the longest has {max(lengths)[0] if lengths else 0} lines")
finish("sizes", complaints)
