"""`tocsin check` as a process: files that are written, folders, files that are too large, ten thousand errors. Argument: the program."""
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time

TOCSIN = os.path.abspath(sys.argv[1])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
HEAD = "groups:\n- name: g\n  rules:\n"


def check(folder, *arguments, text=None, **environment):
	return subprocess.run([TOCSIN, "check", *arguments], cwd=folder, input=text, stdin=None if text is not None else subprocess.DEVNULL,
						  env={**ENVIRONMENT, **environment}, capture_output=True, text=True, timeout=120)


def expect(what, got, wanted):
	if got != wanted:
		sys.exit(f"{what}: got {got!r}, expected {wanted!r}")
	print("ok:", what)


def write(folder, name, text, mode=0o644):
	path = os.path.join(folder, name)
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(path, "w", encoding="utf-8") as f:
		f.write(text)
	os.chmod(path, mode)
	return path


def read(path):
	with open(path, encoding="utf-8") as f:
		return f.read()


def fix(folder):
	path = write(folder, "fix/a.yml", HEAD + "  - {record: a, expr: 'up==1'} # why\n", 0o640)
	os.symlink("a.yml", os.path.join(folder, "fix/link.yml"))
	run = check(folder, "--fix", "fix/link.yml")
	expect("--fix", (run.returncode, run.stderr), (0, ""))
	expect("  says so", "fix/link.yml: 1 expression rewritten" in run.stdout, True)
	expect("  what is written", read(path), HEAD + "  - {record: a, expr: 'up == 1'} # why\n")
	expect("  through a link", os.path.islink(os.path.join(folder, "fix/link.yml")), True)
	expect("  permissions", stat.S_IMODE(os.stat(path).st_mode), 0o640)
	expect("  nothing is left beside it", sorted(os.listdir(os.path.join(folder, "fix"))), ["a.yml", "link.yml"])
	other = write(folder, "other.yml", HEAD + "  - {record: a, expr: 'up==1'}\n")
	os.link(other, os.path.join(folder, "hard.yml"))
	expect("--fix of a file with two names", check(folder, "--fix", "hard.yml").returncode, 0)
	expect("  both have it", ("up == 1" in read(other), os.path.samefile(other, os.path.join(folder, "hard.yml"))), (True, True))
	before = os.stat(path).st_mtime_ns
	expect("  the second time", check(folder, "--fix", "fix").returncode, 0)
	expect("  it is not touched", os.stat(path).st_mtime_ns, before)
	bad = HEAD + "  - {record: a, expr: 'up==1'}\n  - {record: b, expr: 'up=='}\n"
	path = write(folder, "bad.yml", bad)
	expect("--fix of what does not load", (check(folder, "--fix", "bad.yml").returncode, read(path)), (1, bad))
	path = write(folder, "found.yml", HEAD + "  - {alert: a, expr: 'up>1', for: 5m, labels: {severity: a}}\n")
	expect("--fix of what has a finding", (check(folder, "--fix", "found.yml").returncode, "up > 1" in read(path)), (1, True))
	long = 'sum by (job) (rate(requests_total{code=~"5..", team="a_team_with_a_long_name"}[5m]))'
	write(folder, "moved.yml", HEAD + f"  - record: a\n    expr: |\n      {long} / {long}\n  - {{alert: b, expr: 'count(up)  ==  0', for: 5m, labels: {{severity: a}}}}\n")
	run = check(folder, "--fix", "moved.yml")
	line = next(i for i, line in enumerate(read(os.path.join(folder, "moved.yml")).splitlines(), 1) if "alert: b" in line)
	expect("--fix that moves what has a finding", (line > 7, f"moved.yml:{line}:" in run.stderr, "count(up) == 0" in run.stderr), (True, True, True))
	run = check(folder, "--fix", "--format", "json", "fix")
	expect("--fix with a format", (run.returncode, run.stdout.startswith('{"files":[')), (0, True))
	unfixed = HEAD + "  - {record: a, expr: 'up==1'}\n"
	expect("--diff with a format", (check(folder, "--diff", "--format", "json", "-", text=unfixed).returncode), 2)
	run = check(folder, "--fix", "--format", "json", "-", text=unfixed)
	expect("--fix of stdin with a format", (run.returncode, run.stdout[:9], "groups:" in run.stdout), (3, '{"files":', False))
	if os.geteuid() != 0:
		path = write(folder, "read-only.yml", unfixed, 0o400)
		run = check(folder, "--fix", "read-only.yml")
		expect("--fix of a file that is read-only", (run.returncode, "permission denied" in run.stderr, read(path)), (3, True, unfixed))
		os.chmod(os.path.join(folder, "fix"), 0o500)
		write_protected = check(folder, "--fix", "fix/a.yml")
		os.chmod(os.path.join(folder, "fix"), 0o700)
		expect("--fix in a folder that is protected", write_protected.returncode, 0)


def files(folder):
	write(folder, "tree/rules/a.yml", HEAD + "  - {record: a, expr: up}\n")
	write(folder, "tree/rules/deeper/b.yaml", HEAD + "  - {record: b, expr: up}\n")
	write(folder, "tree/rules/deeper/c.txt", "no rules")
	write(folder, "tree/.git/d.yml", "groups: {")
	os.symlink("..", os.path.join(folder, "tree/rules/loop"))
	os.symlink("nowhere.yml", os.path.join(folder, "tree/rules/dangling.yml"))
	run = check(folder, "tree")
	expect("a folder with a loop and a dangling link", (run.returncode, run.stdout.count("good")), (3, 2))
	expect("  says what is wrong", "tree/rules/dangling.yml: no such file" in run.stderr, True)
	expect("a file twice", check(folder, "tree/rules/a.yml", "tree/rules/a.yml").stdout.count("good"), 1)
	run = check(folder, "tree/rules/a.yml/x.yml")
	expect("a path through a file", (run.returncode, "not a directory" in run.stderr), (3, True))
	with open(os.path.join(folder, "large.yml"), "wb") as f:
		f.truncate(100 << 20)
	run = check(folder, "large.yml")
	expect("100 MB", (run.returncode, "the file is larger than 64 MiB" in run.stderr), (3, True))
	pipe = os.path.join(folder, "pipe.yml")
	os.mkfifo(pipe)
	writer = subprocess.Popen(["sh", "-c", 'exec 3<>pipe.yml; : > ready; sleep 0.2; cat tree/rules/a.yml >&3'], cwd=folder)
	while not os.path.exists(os.path.join(folder, "ready")):
		time.sleep(0.01)
	run = check(folder, "pipe.yml")
	writer.wait()
	expect("a pipe by its name waits for who writes it", (run.returncode, run.stdout), (0, "pipe.yml: good, 1 rule in 1 group\n"))
	expect("a pipe that nobody writes to", check(folder, "pipe.yml").returncode, 0)
	os.remove(pipe)
	expect("nothing on stdin", check(folder, "-", text="").returncode, 0)
	run = subprocess.run(f"{TOCSIN} check - <&-", shell=True, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
	expect("no stdin at all", run.returncode in (0, 3), True)
	run = check(folder, "tree", TOCSIN_CHECK_FORMAT="json")
	expect("the format from the environment", run.stdout[:1], "{")
	run = check(folder, "found.yml", TOCSIN_CHECK_DISABLE="no-condition,never-fires")
	expect("lints from the environment", run.returncode, 0)


def others_keys(folder):
	"""A key that only the user of tocsin may read is nothing that a reload should fail over; one that is not there is."""
	os.chmod(folder, 0o755)
	write(folder, "web.yml", "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n")
	cert, key = write(folder, "cert.pem", "no certificate"), write(folder, "key.pem", "no key", 0o000)
	user = {"user": 65534} if os.geteuid() == 0 else {}

	def judge():
		run = subprocess.run([TOCSIN, "check", "web.yml"], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, **user)
		return run.returncode, [line for line in run.stderr.splitlines() if ": error:" in line or ": warning:" in line]

	denied = f"web.yml:1:52: warning: {key}: permission denied".replace(folder + "/", "")
	expect("a key of another user", judge(), (0, [denied]))
	os.chmod(cert, 0o000)
	expect("a certificate too", judge()[0], 0)
	os.remove(key)
	expect("a key that is not there", judge()[0], 1)


def many(folder):
	write(folder, "many.yml", HEAD + "  - {record: a, expr: 'up=='}\n" * 10000)
	run = check(folder, "many.yml")
	lines = run.stderr.splitlines()
	expect("ten thousand errors", (run.returncode, len(lines)), (1, 50 * 3 + 2))
	expect("  the end", lines[-2:], ["… and 9,950 more", "10,000 errors in 1 file"])
	expect("  as few as wanted", len(check(folder, "--max-problems", "2", "many.yml").stderr.splitlines()), 2 * 3 + 2)
	warnings = "".join(f"  - {{alert: a{i}, expr: up, for: 5m, labels: {{severity: a}}}}\n" for i in range(10000))
	write(folder, "warnings.yml", HEAD + warnings + "  - {record: a, expr: 'up=='}\n")
	run = check(folder, "warnings.yml")
	expect("an error behind ten thousand warnings", (run.returncode, "unexpected end of input" in run.stderr), (1, True))
	expect("  the end", run.stderr.splitlines()[-1], "1 error, 10,000 warnings in 1 file")
	nested = "up" + "".join(f" + {{a{i}=\"b\"}}" for i in range(900))
	write(folder, "deep.yml", HEAD + f"  - {{record: a, expr: '{nested}'}}\n" * 50)
	expect("deep trees with many labels", check(folder, "deep.yml").returncode, 0)


def main():
	folder = tempfile.mkdtemp(prefix="tocsin-test-")
	try:
		fix(folder)
		files(folder)
		others_keys(folder)
		many(folder)
	finally:
		shutil.rmtree(folder)


main()
