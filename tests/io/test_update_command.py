"""test_update_command.py TOCSIN: what `tocsin test --update` does to files on the disk: their mode, links to them, and folders that cannot be written."""
import os
import stat
import subprocess
import sys
import tempfile

TOCSIN = os.path.abspath(sys.argv[1])
RULES = "groups:\n  - name: g\n    rules:\n      - alert: Up\n        expr: up == 1\n"
TEST = """rule_files: [rules.yml]
tests:
  - input_series: [{series: 'up{job="a"}', values: 1x10}]
    alert_rule_test:
      - {eval_time: 5m, alertname: Up, exp_alerts: []}  # stays
"""
AFTER = TEST.replace("[]}  #", "[{exp_labels: {job: a}}]}  #")


def write(path, text):
	with open(path, "w", encoding="utf-8", newline="") as f:
		f.write(text)


def read(path):
	with open(path, encoding="utf-8", newline="") as f:
		return f.read()


def update(folder, *names):
	return subprocess.run([TOCSIN, "test", "--update", *names], cwd=folder, capture_output=True, text=True, timeout=60)


def expect(what, wanted, got):
	if wanted != got:
		sys.exit(f"{what}: expected {wanted!r}, got {got!r}")


def check_mode(folder):
	path = os.path.join(folder, "mode.yml")
	write(path, TEST)
	os.chmod(path, 0o640)
	done = update(folder, "mode.yml")
	expect("exit code", 0, done.returncode)
	expect("text", AFTER, read(path))
	expect("first line", "mode.yml:5: updated exp_alerts of Up at 5m", done.stdout.split("\n")[0])
	expect("mode", 0o640, stat.S_IMODE(os.stat(path).st_mode))
	before = os.stat(path)
	expect("exit code of the second time", 0, update(folder, "mode.yml").returncode)
	expect("inode", before.st_ino, os.stat(path).st_ino)


def check_link(folder):
	os.mkdir(os.path.join(folder, "real"))
	write(os.path.join(folder, "real", "there.yml"), TEST)
	os.symlink("real/there.yml", os.path.join(folder, "link.yml"))
	expect("exit code", 0, update(folder, "link.yml").returncode)
	expect("is a link", True, os.path.islink(os.path.join(folder, "link.yml")))
	expect("text behind the link", AFTER, read(os.path.join(folder, "real", "there.yml")))


def check_line_ends(folder):
	path = os.path.join(folder, "returns.yml")
	text = TEST.replace("      - {eval_time: 5m, alertname: Up, exp_alerts: []}  # stays", "      - eval_time: 5m\n        alertname: Up")
	write(path, text.replace("\n", "\r\n"))
	expect("exit code", 0, update(folder, "returns.yml").returncode)
	expect("text", (text + "        exp_alerts:\n          - exp_labels:\n              job: a\n").replace("\n", "\r\n"), read(path))


def check_no_end(folder):
	path = os.path.join(folder, "end.yml")
	write(path, TEST.replace(", exp_alerts: []}  # stays\n", "}"))
	expect("exit code", 0, update(folder, "end.yml").returncode)
	expect("text", AFTER.replace("  # stays\n", ""), read(path))


def check_refused(folder):
	"""A folder that cannot be written: to root it can."""
	if os.geteuid() == 0:
		return
	closed = os.path.join(folder, "closed")
	os.mkdir(closed)
	write(os.path.join(closed, "rules.yml"), RULES)
	write(os.path.join(closed, "test.yml"), TEST)
	os.chmod(closed, 0o500)
	done = update(closed, "test.yml")
	os.chmod(closed, 0o700)
	expect("exit code", 3, done.returncode)
	expect("text", TEST, read(os.path.join(closed, "test.yml")))


def main():
	for check in (check_mode, check_link, check_line_ends, check_no_end, check_refused):
		with tempfile.TemporaryDirectory() as folder:
			write(os.path.join(folder, "rules.yml"), RULES)
			check(folder)
			left = [n for n in os.listdir(folder) if ".yml." in n]
			expect("files left behind", [], left)
	print("5 passed, 0 failed")


main()
