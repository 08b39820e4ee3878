"""docs/lints.md has a section for each lint, with its severity; the bad example leads to just that finding, the good one to none.
Argument: the program."""
import json
import os
import re
import shlex
import subprocess
import sys

TOCSIN = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}


def listed():
	"""{name: (severity, needs a server)}"""
	run = subprocess.run([TOCSIN, "check", "--list-lints"], capture_output=True, text=True, check=True, env=ENVIRONMENT)
	lines = [line.split(None, 2) for line in run.stdout.splitlines()]
	return {name: (severity, summary.endswith("(--prometheus)")) for name, severity, summary in lines}


def sections(text):
	"""{name: text} of the headings of the third level."""
	parts = re.split(r"^### (.*)$", text, flags=re.M)
	return {name: body.split("\n## ")[0] for name, body in zip(parts[1::2], parts[2::2])}


def examples(body):
	"""(options, bad, good)"""
	options = re.search(r"<!-- options: (.*) -->", body)
	block = re.search(r"^```yaml\n# bad\n(.*?)^# good\n(.*?)^```$", body, flags=re.M | re.S)
	return shlex.split(options.group(1)) if options else [], block and block.group(1), block and block.group(2)


def findings(rules, options):
	text = "groups:\n- name: example\n  rules:\n" + "".join("  " + line + "\n" for line in rules.splitlines())
	run = subprocess.run([TOCSIN, "check", "--format", "json", *options, "-"], input=text, capture_output=True, text=True,
						 env=ENVIRONMENT)
	return [problem["name"] for problem in json.loads(run.stdout)["files"][0]["problems"]]


def main():
	complaints = []
	lints = listed()
	with open(os.path.join(ROOT, "docs/lints.md"), encoding="utf-8") as f:
		documented = sections(f.read())
	for name in sorted(set(lints) ^ set(documented)):
		complaints.append(f"{name}: {'no section' if name in lints else 'there is no such lint'}")
	if list(documented) != [name for name in lints if name in documented]:
		complaints.append("the sections are not in the order of the table")
	count = 0
	for name, body in documented.items():
		severity, needs_server = lints.get(name, ("", False))
		if not re.match(rf"\s*{severity}(, |$)", body, flags=re.M):
			complaints.append(f"{name}: its severity is {severity}")
		options, bad, good = examples(body)
		if bad is None:
			complaints.append(f"{name}: no examples")
		elif not needs_server:
			for text, wanted in ((bad, [name]), (good, [])):
				count += 1
				got = findings(text, options)
				if got != wanted:
					complaints.append(f"{name}: found {got} and not {wanted} in\n{text}")
	print("\n".join(complaints))
	print(f"{count} examples, {len(complaints)} complaints")
	sys.exit(1 if complaints or count == 0 else 0)


if __name__ == "__main__":
	main()
