"""examples_ci.py TOCSIN: examples/ci does what it says. The Makefile is run as it is, so is the git hook, and so is each line of the pipelines that
calls tocsin; files that pipelines collect are there afterwards, and rules that are wrong are noticed by all of them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

try:
	import yaml
except ImportError:
	print("python3-yaml is not installed")
	sys.exit(77)

TOCSIN = os.path.abspath(sys.argv[1])
ROOT = os.environ["SOURCE_ROOT"]
SCRATCH = tempfile.mkdtemp(prefix="tocsin-test-")
os.mkdir(os.path.join(SCRATCH, "bin"))
os.symlink(TOCSIN, os.path.join(SCRATCH, "bin", "tocsin"))
ENVIRONMENT = {
	**{k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN_", "GIT_", "MAKE"))}, "PATH": os.path.join(SCRATCH, "bin") + ":" + os.environ["PATH"],
	"HOME": SCRATCH, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example"}


def run(folder, *command):
	return subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


def expect(what, done, code):
	if done.returncode != code:
		sys.exit(f"{what}: exit code {done.returncode} instead of {code}\n{done.stdout}{done.stderr}")
	print("ok:", what, flush=True)


def copy(name, *changes):
	folder = os.path.join(SCRATCH, name)
	shutil.copytree(os.path.join(ROOT, "examples", "ci"), folder)
	for path, old, new in changes:
		edit(os.path.join(folder, path), old, new)
	return folder


def edit(path, old, new):
	with open(path, encoding="utf-8") as file:
		text = file.read()
	if old not in text:
		sys.exit(f"{path} has no {old!r}")
	with open(path, "w", encoding="utf-8") as file:
		file.write(text.replace(old, new))


WORSE = ("rules/web.yml", "> 0.05", "> 0.065")  # which a test notices
BAD = ("rules/web.yml", "sum by (service) (rate(http_requests_total[5m]))", "rate(http_requests_total)")  # which check notices


def lines_of_github(pipeline):
	return [step["run"] for job in pipeline["jobs"].values() for step in job["steps"] if "run" in step]


def lines_of_gitlab(pipeline):
	return [line for job in pipeline.values() if isinstance(job, dict) for key in ("before_script", "script", "after_script") for line in job.get(key, [])]


def lines_of_pre_commit(pipeline):
	return [hook["entry"] for repository in pipeline["repos"] for hook in repository["hooks"]]


def files_of_github(pipeline):
	"""What its steps collect, but for the package."""
	steps = [step.get("with", {}) for job in pipeline["jobs"].values() for step in job["steps"]]
	names = [s.get("path") if "key" not in s and "repository" not in s else None for s in steps] + [s.get("sarif_file") for s in steps]
	return [name for lines in names if lines for name in lines.split()]


def files_of_gitlab(pipeline):
	kept = [job["artifacts"] for job in pipeline.values() if isinstance(job, dict) and "reports" in job.get("artifacts", {})]
	return [name for artifacts in kept for name in [artifacts["reports"]["junit"], *artifacts.get("paths", [])]]


def check_file(folder, name):
	path = os.path.join(folder, name)
	if name.endswith(".sarif"):
		with open(path, encoding="utf-8") as file:
			good = json.load(file)["version"] == "2.1.0"
	elif name.endswith(".html"):
		with open(path, encoding="utf-8") as file:
			good = file.read().lower().startswith("<!doctype html>")
	else:
		good = ElementTree.parse(path).getroot().tag == "testsuites"
	if not good:
		sys.exit(f"{name} is not what it should be")
	print("ok: it leaves", name)


def check_pipeline(name, lines_of, files_of):
	with open(os.path.join(ROOT, "examples", "ci", name), encoding="utf-8") as file:
		pipeline = yaml.safe_load(file)
	lines = lines_of(pipeline)
	calls = [line for line in lines if line.startswith("tocsin ")]
	scripts = [word for line in lines for word in line.split() if word.startswith("tocsin-source/")]
	if len(calls) < 2:
		sys.exit(f"{name}: no line calls tocsin")
	for script in scripts:
		if not os.access(os.path.join(ROOT, script.split("/", 1)[1]), os.X_OK):
			sys.exit(f"{name}: there is no {script}")
	good = copy(name + ".good")
	for line in calls:
		expect(f"{name}: {line}", run(good, "sh", "-ec", line), 0)
	for file in files_of(pipeline):
		check_file(good, file)
	for change in (WORSE, BAD):
		changed = copy(f"{name}.{change[2]}".replace("/", ""), change)
		codes = [run(changed, "sh", "-ec", line).returncode for line in calls]
		if 1 not in codes:
			sys.exit(f"{name}: nothing notices {change[2]}")
		print(f"ok: {name} notices {change[2]}")


def check_make():
	good = copy("make")
	expect("make", run(good, "make"), 0)
	expect("make TOCSIN=", run(good, "make", "TOCSIN=" + TOCSIN), 0)
	for target in ("mutants", "update"):
		expect("make " + target, run(good, "make", target), 0)
	expect("nothing was changed", run(good, "diff", "-r", os.path.join(ROOT, "examples", "ci"), "."), 0)
	expect("make with a rule that does not load", run(copy("make.bad", BAD), "make"), 2)
	worse = copy("make.worse", WORSE)
	expect("make with a rule that is worse", run(worse, "make"), 2)
	expect("make update", run(worse, "make", "update"), 0)
	expect("make afterwards", run(worse, "make"), 0)


def check_hook():
	folder = copy("hook")
	expect("git init", run(folder, "git", "init", "-q"), 0)
	expect("make hook", run(folder, "make", "hook"), 0)
	run(folder, "git", "add", ".")
	expect("a good commit", run(folder, "git", "commit", "-qm", "rules"), 0)
	edit(os.path.join(folder, WORSE[0]), *WORSE[1:])
	expect("a commit without what is in the folder", run(folder, "git", "commit", "--allow-empty", "-qm", "nothing"), 0)
	run(folder, "git", "add", ".")
	expect("a commit that a test refuses", run(folder, "git", "commit", "-qm", "worse"), 1)
	expect("a commit all the same", run(folder, "git", "commit", "--no-verify", "-qm", "worse"), 0)


check_make()
check_hook()
check_pipeline("github.yml", lines_of_github, files_of_github)
check_pipeline("gitlab.yml", lines_of_gitlab, files_of_gitlab)
check_pipeline("pre-commit-config.yaml", lines_of_pre_commit, lambda pipeline: [])
shutil.rmtree(SCRATCH)
