"""`tocsin run --watch` as a process: changed files count without a signal, bad ones do not, and each change is read once. Argument:
the program."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

TOCSIN = os.path.abspath(sys.argv[1])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_") and not k.lower().endswith("_proxy")}
NOBODY = "http://127.0.0.1:1"


def rules(*names):
	return "groups:\n- name: g\n  rules:\n" + "".join(f"  - {{alert: {name}, expr: up == 0}}\n" for name in names)


def manifest(*names):
	spec = "".join("  " + line + "\n" for line in rules(*names).splitlines())
	return f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{name: r}}\nspec:\n{spec}"


class Folder:
	def __init__(self):
		self.path = tempfile.mkdtemp(prefix="tocsin-test-")

	def write(self, name, text):
		with open(os.path.join(self.path, name), "w", encoding="utf-8") as file:
			file.write(text)

	def swap(self, folder, version, files, lingers=False):
		"""As kubelet updates the files of a ConfigMap. What lingers was not removed yet: that, too, would be noticed."""
		at = os.path.join(self.path, folder)
		os.makedirs(os.path.join(at, "..v" + version))
		for name, text in files.items():
			self.write(f"{folder}/..v{version}/{name}", text)
		os.symlink("..v" + version, os.path.join(at, "..data_tmp"))
		old = os.readlink(os.path.join(at, "..data")) if os.path.islink(os.path.join(at, "..data")) else None
		os.rename(os.path.join(at, "..data_tmp"), os.path.join(at, "..data"))
		for name in files:
			if not os.path.islink(os.path.join(at, name)):
				os.symlink("..data/" + name, os.path.join(at, name))
		for name in os.listdir(at):
			if not name.startswith("..") and name not in files:
				os.unlink(os.path.join(at, name))
		if old and not lingers:
			shutil.rmtree(os.path.join(at, old))


class Run:
	def __init__(self, folder, *options, **environment):
		self.process = subprocess.Popen(
			[TOCSIN, "run", "--prometheus", NOBODY, "--alertmanager", NOBODY, "--listen", "127.0.0.1:0", "--interval", "1h",
			 "--drain-timeout", "0s", *options], stderr=subprocess.PIPE, cwd=folder.path, env={**ENVIRONMENT, **environment}, text=True)
		self.lines = []
		threading.Thread(target=self.read, daemon=True).start()
		self.port = int(self.wait_log(r"API is on http://127.0.0.1:(\d+)").group(1))

	def read(self):
		for line in self.process.stderr:
			self.lines.append(line)

	def wait(self, what, condition):
		end = time.monotonic() + 20
		while not (value := condition()):
			if time.monotonic() > end or self.process.poll() is not None:
				sys.exit(f"never: {what}\n{''.join(self.lines)}")
			time.sleep(0.02)
		print("ok:", what, flush=True)
		return value

	def wait_log(self, pattern):
		return self.wait(pattern, lambda: re.search(pattern, "".join(self.lines)))

	def names(self):
		with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/rules", timeout=10) as answer:
			groups = json.load(answer)["data"]["groups"]
		return sorted(rule["name"] for group in groups for rule in group["rules"])

	def wait_rules(self, what, *names):
		self.wait(what, lambda: self.names() == sorted(names))

	def reloads(self):
		return "".join(self.lines).count("files changed: ")

	def end(self):
		self.process.send_signal(signal.SIGTERM)
		code = self.process.wait(20)
		if code != 0:
			sys.exit(f"exit code {code}\n{''.join(self.lines)}")


def expect(what, got, wanted):
	if got != wanted:
		sys.exit(f"{what}: got {got!r}, expected {wanted!r}")
	print("ok:", what, flush=True)


def check_files(folder):
	folder.write("a.yml", rules("A"))
	t = Run(folder, "--rules", "*.yml", "--watch")
	t.wait_rules("what there is", "A")
	folder.write("a.yml", rules("A", "B"))
	t.wait_rules("a file changes", "A", "B")
	folder.write("b.yml", rules("C"))
	t.wait_rules("a file comes", "A", "B", "C")
	folder.write("a.yml", "groups: [{name: g, rules: [{alert: A, expr: 'rate(up)'}]}]\n")
	folder.write("b.yml", rules("D"))
	t.wait_rules("a file is bad, the other counts", "A", "B", "D")
	t.wait_log("reloaded in part")
	folder.write("c.new", rules("E"))
	os.rename(os.path.join(folder.path, "c.new"), os.path.join(folder.path, "a.yml"))
	t.wait_rules("a good one is renamed over it", "E", "D")
	os.unlink(os.path.join(folder.path, "b.yml"))
	t.wait_rules("a file goes", "E")
	t.end()


def check_config_map(folder):
	os.mkdir(os.path.join(folder.path, "map"))
	folder.swap("map", "1", {"tocsin.yml": "rule_files: ['*.yaml']\nwatch: true\n", "r.yaml": manifest("A")})
	t = Run(folder, "-c", "map/tocsin.yml")
	t.wait_rules("a mounted ConfigMap", "A")
	folder.swap("map", "2", {"tocsin.yml": "rule_files: ['*.yaml']\nwatch: true\n", "r.yaml": manifest("B")})
	t.wait_rules("its link is exchanged", "B")
	folder.swap("map", "3", {"tocsin.yml": "rule_files: ['*.yaml']\nwatch: true\n", "r.yaml": manifest("B"), "s.yaml": manifest("C")})
	t.wait_rules("it gets a key", "B", "C")
	before = t.reloads()
	folder.swap("map", "4", {"tocsin.yml": "nonesuch: true\n", "r.yaml": manifest("D")})
	t.wait_log("the reload failed; everything goes on as it was")
	expect("a bad configuration: all stays", t.names(), ["B", "C"])
	folder.swap("map", "5", {"tocsin.yml": "rule_files: ['*.yaml']\n", "r.yaml": manifest("E")})
	t.wait_rules("mended, and no longer watched", "E")
	expect("each change was read once", t.reloads() - before, 2)
	folder.swap("map", "6", {"tocsin.yml": "rule_files: ['*.yaml']\nwatch: true\n", "r.yaml": manifest("F")})
	time.sleep(0.5)
	expect("what is not watched", t.names(), ["E"])
	t.process.send_signal(signal.SIGHUP)
	t.wait_rules("a signal", "F")
	folder.swap("map", "7", {"tocsin.yml": "rule_files: ['*.yaml']\nwatch: true\n", "r.yaml": manifest("G")})
	t.wait_rules("watched again", "G")
	t.end()


def check_links(folder):
	"""Rule files are links into a ConfigMap that is mounted elsewhere."""
	for name in ("maps", "rules"):
		os.mkdir(os.path.join(folder.path, name))
	folder.swap("maps", "1", {"r.yaml": rules("A")}, lingers=True)
	os.symlink("../maps/r.yaml", os.path.join(folder.path, "rules", "a.yml"))
	os.symlink(os.path.join(folder.path, "maps", "..data", "r.yaml"), os.path.join(folder.path, "b.yml"))
	t = Run(folder, "--rules", "rules/*.yml", "--rules", "b.yml", "--watch")
	t.wait_rules("links that lead to links", "A", "A")
	folder.swap("maps", "2", {"r.yaml": rules("B")}, lingers=True)
	t.wait_rules("the one in the middle is exchanged", "B", "B")
	folder.swap("maps", "3", {"r.yaml": rules("C")}, lingers=True)
	t.wait_rules("and once more", "C", "C")
	t.end()


def check_environment(folder):
	t = Run(folder, TOCSIN_RULES="later/*.yml", TOCSIN_WATCH="true")
	t.wait_rules("a folder that is not there")
	os.mkdir(os.path.join(folder.path, "later"))
	folder.write("later/r.yml", rules("A"))
	t.wait_rules("comes", "A")
	shutil.rmtree(os.path.join(folder.path, "later"))
	t.wait_rules("and goes")
	t.end()


def main():
	for check in (check_files, check_config_map, check_links, check_environment):
		folder = Folder()
		try:
			check(folder)
		finally:
			shutil.rmtree(folder.path, ignore_errors=True)


main()
