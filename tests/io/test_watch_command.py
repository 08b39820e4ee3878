"""test_watch_command.py TOCSIN: `tocsin test --watch` as a process: files that are changed, saved by renaming, that appear and go lead to another
run, others do not, and Ctrl-C ends it with the exit code of the last run. And how `--mutate` is ended."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

TOCSIN = os.path.abspath(sys.argv[1])
RULES = "groups: [{name: g, rules: [{alert: Up, expr: up == %d}]}]\n"
TEST = """rule_files: [rules/*.yml]
tests:
  - input_series: [{series: up, values: 1x10}]
    alert_rule_test: [{eval_time: 5m, alertname: Up, exp_alerts: [{}]}]
"""


class Folder:
	def __init__(self):
		self.path = tempfile.mkdtemp(prefix="tocsin-test-")
		for name in ("rules", "tests"):
			os.mkdir(os.path.join(self.path, name))

	def write(self, name, text):
		with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
			file.write(text)

	def save(self, name, text):
		"""As editors do: a new file takes the old one's place."""
		self.write(name + "~new", text)
		os.rename(os.path.join(self.path, name + "~new"), os.path.join(self.path, name))

	def swap(self, version, value):
		"""As kubelet updates rule files that are mounted from a ConfigMap."""
		os.mkdir(os.path.join(self.path, "rules", "..v" + version))
		self.write(f"rules/..v{version}/a.yml", RULES % value)
		os.symlink("..v" + version, os.path.join(self.path, "rules", "..tmp"))
		os.rename(os.path.join(self.path, "rules", "..tmp"), os.path.join(self.path, "rules", "..data"))


class Run:
	def __init__(self, folder, *arguments):
		self.process = subprocess.Popen([TOCSIN, "test", "--watch", *arguments], cwd=folder.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
		self.lines, self.seen = [], 0
		threading.Thread(target=self.read, daemon=True).start()

	def read(self):
		for line in self.process.stdout:
			self.lines.append(line)

	def wait(self, pattern):
		"""After what was waited for before."""
		end = time.monotonic() + 30
		while True:
			text = "".join(self.lines)
			found = re.compile(pattern, re.M).search(text, self.seen)
			if found:
				self.seen = found.end()
				print("ok:", pattern, flush=True)
				return
			if time.monotonic() > end or self.process.poll() is not None:
				sys.exit(f"never: {pattern}\n{text}")
			time.sleep(0.02)

	def settle(self):
		"""What was written just before the last run may lead to one more."""
		count = -1
		while count != len(self.lines):
			count = len(self.lines)
			time.sleep(0.5)
		self.seen = len("".join(self.lines))

	def end(self, number, code):
		self.process.send_signal(number)
		if self.process.wait(timeout=30) != code:
			sys.exit(f"exit code {self.process.returncode} instead of {code}\n{''.join(self.lines)}")
		print(f"ok: ends with {code}")


def watch_folder():
	folder = Folder()
	folder.write("rules/a.yml", RULES % 1)
	folder.write("tests/one.test.yml", TEST.replace("rules/", "../rules/"))
	run = Run(folder, "tests")
	run.wait(r"^--- \d\d:\d\d:\d\d, run 1\ntests/one.test.yml: pass")
	run.settle()
	folder.save("rules/a.yml", RULES % 0)
	run.wait(r"^--- \d\d:\d\d:\d\d, run \d+: files changed\n(.*\n)*?tests/one.test.yml: FAIL")
	folder.write("rules/b.yml", RULES.replace("{name: g", "{name: h") % 1)
	run.wait(r"^--- .*\ntests/one.test.yml: pass")
	folder.write("tests/two.test.yml", "tests: [{promql_expr_test: [{expr: vector(1), eval_time: 0s, exp_samples: [{value: 2}]}]}]\n")
	run.wait(r"^tests/two.test.yml: FAIL")
	os.unlink(os.path.join(folder.path, "tests/two.test.yml"))
	run.wait(r"^tests/one.test.yml: pass.*\n1 file,")
	run.settle()
	folder.write("tests/notes.txt", "not a test\n")
	folder.save("rules/b.yml", RULES.replace("{name: g", "{name: h") % 0)
	run.wait(r"^--- .*\n(.*\n)*?tests/one.test.yml: FAIL")
	if "\x1b" in "".join(run.lines):
		sys.exit("something is cleared or coloured, though this is no terminal")
	run.end(signal.SIGINT, 1)


def watch_links():
	folder = Folder()
	folder.swap("1", 1)
	os.symlink("..data/a.yml", os.path.join(folder.path, "rules", "a.yml"))
	folder.write("one.test.yml", TEST)
	run = Run(folder, "one.test.yml")
	run.wait(r"^--- .*, run 1\none.test.yml: pass")
	run.settle()
	folder.swap("2", 0)
	run.wait(r"^one.test.yml: FAIL")
	folder.swap("3", 1)
	run.wait(r"^one.test.yml: pass")
	folder.save("one.test.yml", "tests: [{]\n")
	run.wait(r"^one.test.yml:1:\d+: error")
	folder.save("one.test.yml", TEST)
	run.wait(r"^one.test.yml: pass")
	run.end(signal.SIGTERM, 0)


def watch_from_the_start():
	"""A rule file that goes in the first run, after it was read: while that run waits until its report is taken."""
	folder = Folder()
	folder.write("rules/a.yml", RULES % 0)
	folder.write("rules/b.yml", RULES.replace("{name: g", "{name: h") % 1)
	other = "  - {name: %0200d, promql_expr_test: [{expr: vector(1), eval_time: 0s, exp_samples: [{value: 1}]}]}\n"
	folder.write("one.test.yml", TEST + "".join(other % i for i in range(1000)))  # of which the report does not fit in a pipe
	report = os.path.join(folder.path, "report.xml")
	os.mkfifo(report)
	time.sleep(0.1)  # no file may be so young that it is read again for that
	run = Run(folder, "--junit", "report.xml", "one.test.yml")
	for number, outcome in ((1, "pass"), (2, "FAIL")):
		run.wait(rf"^--- .*, run {number}\b.*\n")
		with open(report, encoding="utf-8") as file:
			if number == 1:
				os.unlink(os.path.join(folder.path, "rules/b.yml"))
			file.read()
		run.wait(rf"^one.test.yml: {outcome}")
	run.end(signal.SIGTERM, 1)


def end_while_it_mutates():
	folder = Folder()
	folder.write("rules/a.yml", RULES % 1)
	folder.write("one.test.yml", TEST)
	os.mkfifo(os.path.join(folder.path, "two.test.yml"))
	run = Run(folder, "--mutate", "one.test.yml", "two.test.yml")
	with open(os.path.join(folder.path, "two.test.yml"), "w", encoding="utf-8") as file:  # once it is opened for reading, the run is under way
		run.process.send_signal(signal.SIGINT)
		file.write("tests: []\n")
	run.wait(r"^tocsin test: --mutate: ended before all changes were tried$")
	run.end(0, 1)
	if "run 2" in "".join(run.lines):
		sys.exit("".join(run.lines))


def is_running(pid):
	try:
		with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
			return file.read().rpartition(")")[2].split()[0] != "Z"
	except OSError:
		return False


def orphans():
	"""Children that try mutants end when their parent is gone. All of it together would take longer than is waited here."""
	folder = Folder()
	rules = "".join(f"{{alert: A{i}, expr: x > {i}, for: 1h}}, " for i in range(100, 180))
	folder.write("rules/a.yml", "groups: [{name: g, interval: 1s, rules: [" + rules + "]}]\n")
	names = "".join(f"{{eval_time: 10d, alertname: A{i}}}, " for i in range(100, 180))
	folder.write("one.test.yml", "rule_files: [rules/*.yml]\ntests: [{input_series: [{series: x, values: 1x20000}], alert_rule_test: [" + names + "]}]\n")
	process = subprocess.Popen([TOCSIN, "test", "--mutate", "one.test.yml"], cwd=folder.path, stdout=subprocess.DEVNULL)
	children = []
	while len(os.sched_getaffinity(0)) > 1 and not children and process.poll() is None:
		with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="utf-8") as file:
			children = file.read().split()
		time.sleep(0.02)
	process.kill()
	process.wait()
	end = time.monotonic() + 15
	while any(map(is_running, children)):
		if time.monotonic() > end:
			for child in children:
				os.kill(int(child), signal.SIGKILL)
			sys.exit("children go on without their parent")
		time.sleep(0.02)
	print("ok: children end with their parent:", len(children))


def misuse():
	for arguments in ([], ["-"], ["--run", "(", "x.yml"]):
		done = subprocess.run([TOCSIN, "test", "--watch", *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
		if done.returncode != 2:
			sys.exit(f"{arguments}: exit code {done.returncode}")


watch_folder()
watch_links()
watch_from_the_start()
end_while_it_mutates()
orphans()
misuse()
