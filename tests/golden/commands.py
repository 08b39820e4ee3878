"""commands.py TOCSIN FOLDER: runs each line of FOLDER/commands.txt, `NAME: ARGUMENTS`, in that folder, and compares what is printed and the
exit code with FOLDER/expected/NAME.txt. `< FILE` at the end of a line is the standard input. UPDATE_GOLDEN=1 writes those files anew: read
the difference before it is committed. What differs from run to run (times that were measured) is made equal first."""
import os
import re
import shlex
import subprocess
import sys

TOCSIN, FOLDER = (os.path.abspath(a) for a in sys.argv[1:3])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
MEASURED = (
	(re.compile(r'\btime="[0-9.]+"'), 'time="TOOK"'),
	(re.compile(r'timestamp="[0-9T:-]+"'), 'timestamp="NOW"'),
	(re.compile(r"took [0-9.]+ms"), "took TOOK"),
)


def run(arguments, stdin):
	with open(os.path.join(FOLDER, stdin) if stdin else os.devnull, "rb") as source:
		done = subprocess.run([TOCSIN, *arguments], cwd=FOLDER, stdin=source, capture_output=True, env=ENVIRONMENT, timeout=60)
	text = "$ " + shlex.join(["tocsin", *arguments]) + (f" < {stdin}" if stdin else "") + "\n"
	for name, stream in (("stdout", done.stdout), ("stderr", done.stderr)):
		if stream:
			text += f"--- {name}\n" + stream.decode("utf-8", "backslashreplace")
	text += f"--- exit code {done.returncode}\n"
	for pattern, instead in MEASURED:
		text = pattern.sub(instead, text)
	return text


def agrees(name, got):
	path = os.path.join(FOLDER, "expected", name + ".txt")
	wanted = None
	if os.path.exists(path):
		with open(path, encoding="utf-8") as f:
			wanted = f.read()
	if got != wanted and "UPDATE_GOLDEN" in os.environ:
		with open(path, "w", encoding="utf-8") as f:
			f.write(got)
	elif got != wanted:
		print(f"{path}: expected\n{wanted}\ngot\n{got}")
		return False
	return True


def main():
	results, names = [], set()
	with open(os.path.join(FOLDER, "commands.txt"), encoding="utf-8") as f:
		lines = [line.strip() for line in f if line.strip() and not line.startswith("#")]
	for line in lines:
		name, command = line.split(": ", 1)
		command, _, stdin = command.partition(" < ")
		names.add(name + ".txt")
		results.append(agrees(name, run(shlex.split(command), stdin)))
	left = sorted(set(os.listdir(os.path.join(FOLDER, "expected"))) - names)
	if left:
		print("no command is called like these: " + ", ".join(left))
	print(f"{results.count(True)} passed, {results.count(False) + len(left)} failed")
	sys.exit(1 if left or False in results else 0)


main()
