"""Which folder may include what. The layers are facts that this checks, not folder names."""
import os
import re

from tree import c_files, finish, lines_of

# folder: folders below it
TREES = ["base", "promql-lite", "rules/yaml", "rules/template"]
RULES = [*TREES, "rules", "notifiers"]
ENGINE = [*RULES, "engine/config", "engine"]
BELOW = {
	"base": [],
	"promql-lite": ["base"],
	"notifiers": ["base"],
	"rules/yaml": ["base"],
	"rules/template": ["base", "promql-lite"],
	"rules": TREES,
	"rules/lint": [*TREES, "rules"],
	"rules/report": [*TREES, "rules", "rules/lint"],
	"engine/config": RULES,
	"engine": [*RULES, "engine/config"],
	"engine/api": ENGINE,
	"engine/rule-tests": ENGINE,
	"engine/inspection": [*ENGINE, "rules/lint"],
	"engine/io": [*ENGINE, "engine/api"],
	"cli": [*ENGINE, "rules/lint", "rules/report", "engine/api", "engine/rule-tests", "engine/inspection", "engine/io"],
}
# headers that say nothing but names and numbers
LEAVES = ("base/banned.h", "engine/limits.h")
# third-party header: the files or folders that may know it
THIRD_PARTY = {
	"pcre2.h": ["base/regex.c"],
	"nettle/md5.h": ["base/digest.c"],
	"nettle/sha2.h": ["base/digest.c"],
	"nettle/version.h": ["base/digest.c"],
	"yaml.h": ["rules/yaml/yaml.c"],
	"cjson/cJSON.h": ["notifiers", "engine", "engine/api", "engine/inspection", "engine/io"],
	"snappy-c.h": ["engine"],
	"uv.h": ["engine/io"],
	"curl/curl.h": ["engine/io"],
	"microhttpd.h": ["engine/io"],
	"gnutls/abstract.h": ["engine/io"],
	"gnutls/gnutls.h": ["engine/io"],
	"gnutls/crypto.h": ["engine/io"],
	"gnutls/x509.h": ["engine/io"],
	"crypt.h": ["engine/io"],
	"zlib.h": ["engine/io"],
	"sqlite3.h": ["engine/io"],
	"getopt.h": ["cli"],
	"cmocka.h": [],
}
# of the C library, only the shell and the command line may have these
IMPURE = {"time.h", "sys/time.h", "unistd.h", "fcntl.h", "sys/socket.h", "sys/un.h", "sys/stat.h", "netdb.h", "arpa/inet.h",
		  "netinet/in.h", "signal.h", "dirent.h", "glob.h", "poll.h", "sys/resource.h", "termios.h", "sys/ioctl.h"}


def folder_of(path):
	folder = os.path.dirname(path)
	while folder and folder not in BELOW:
		folder = os.path.dirname(folder)
	return folder


def judge_own(path, folder, target):
	theirs = folder_of(target)
	if target in LEAVES:
		return None
	if theirs != folder and theirs not in BELOW[folder]:
		return f"{folder}/ may not include {target}"
	if target.endswith("_private.h") and theirs != folder:
		return f"{target} is private to {theirs}/"
	return None


def judge_system(path, folder, target):
	if target in THIRD_PARTY:
		allowed = THIRD_PARTY[target]
		if path not in allowed and folder not in allowed:
			return f"<{target}> belongs to {', '.join(allowed) or 'tests'} only"
	if target in IMPURE and folder not in ("engine/io", "cli") and path != "base/banned.h":
		return f"<{target}>: clock, files and sockets are for engine/io only"
	return None


complaints = []
for path in c_files():
	folder = folder_of(path)
	if path.startswith("tests/"):
		continue
	for number, line in enumerate(lines_of(path), 1):
		match = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', line)
		if match:
			own, system = match.groups()
			verdict = judge_own(path, folder, own) if own else judge_system(path, folder, system)
			if verdict:
				complaints.append(f"{path}:{number}: {verdict}")
			if own and own.startswith("tests/"):
				complaints.append(f"{path}:{number}: nobody includes tests/")
finish("layers", complaints)
