"""Looked up in the libraries: the pure layers use no clock, file, socket, terminal or environment, and the bodies of PromQL's functions
stand where functions.def says."""
import re
import subprocess
import sys

from tree import finish, lines_of

BANNED = re.compile(
	r"^(time|clock_gettime|gettimeofday|clock|nanosleep|sleep|usleep|getenv|secure_getenv|setenv|exit|_exit|system|fork|exec\w+"
	r"|(__)?(v?f?printf|v?dprintf)(_chk)?|puts|putchar|putc|fputs|fputc|fwrite|perror|fopen(64)?|open(64)?|openat(64)?|read|write|close"
	r"|stat(64)?|fstat(64)?|opendir|glob(64)?|socket|connect|send\w*|recv\w*|bind|listen|accept|rand|random|srand|getrandom|syslog"
	r"|uv_\w+|curl_\w+|MHD_\w+|sqlite3_\w+|pthread_create|localtime(_r)?|gmtime(_r)?|setlocale)$")

complaints = []
for library in sys.argv[1:]:
	listing = subprocess.run(["nm", "-u", library], capture_output=True, text=True, check=True).stdout
	member = ""
	for line in listing.split("\n"):
		if line.endswith(":"):
			member = line[:-1]
		words = line.split()
		if len(words) == 2 and words[0] in "Uw" and BANNED.match(words[1]):
			complaints.append(f"{library}({member}): uses {words[1]}")


def check_bodies(library):
	"""functions.def says in which file the body of each function stands."""
	listing = subprocess.run(["nm", "-A", "--defined-only", library], capture_output=True, text=True, check=True).stdout
	files = {m[2]: m[1] for m in re.finditer(r"(\w+)\.c\.o:\S+ T (fn_\w+)", listing)}
	for number, line in enumerate(lines_of("promql-lite/functions.def"), 1):
		row = re.match(r"FUNCTION\(.* (fn_\w+), (\w+)\)$", line)
		if row and files.get(row[1]) != row[2]:
			complaints.append(f"promql-lite/functions.def:{number}: {row[1]} stands in {files.get(row[1])}.c")


for library in sys.argv[1:]:
	if "promql-lite" in library:
		check_bodies(library)
finish("purity", complaints)
