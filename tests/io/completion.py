#!/usr/bin/env python3
"""Tab completion in real shells, and the manual page: usage completion.py TOCSIN."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

TOCSIN = os.path.abspath(sys.argv[1])
PATIENCE = 20  # seconds for a shell to answer; only a failing test waits so long

# what stands before the cursor, the last word unfinished: what it may become
BASH_CASES = [
	(["ch"], {"check"}),
	(["ver"], {"version"}),
	(["--v"], {"--version"}),
	(["help", "qu"], {"query"}),
	(["run", "--log-f"], {"--log-format"}),
	(["run", "--log-format", ""], {"text", "json"}),
	(["run", "--log-format", "="], {"text", "json"}),
	(["run", "--log-format", "=", "j"], {"json"}),
	(["run", "--evaluation", "r"], {"remote"}),
	(["run", "-c", "tocsin.y"], {"tocsin.yml"}),
	(["run", "--rules", "a r"], {"a rule.yml"}),
	(["run", "--interval", ""], set()),
	(["run", "--no-such"], set()),
	(["check", "a"], {"a rule.yml", "all"}),
	(["check", "--quiet", "tocsin.y"], {"tocsin.yml"}),
	(["query", "--eval", ""], {"local", "remote"}),
	(["completion", ""], {"bash", "zsh"}),
	(["completion", "z"], {"zsh"}),
	(["nosuch", "-"], set()),
]

# typed, and what the line must hold after the tab key
ZSH_CASES = [
	("tocsin ch", "tocsin check "),
	("tocsin run --log-f", "tocsin run --log-format"),
	("tocsin run --log-format=j", "tocsin run --log-format=json "),
	("tocsin run --evaluation r", "tocsin run --evaluation remote "),
	("tocsin run -c tocsin.y", "tocsin run -c tocsin.yml "),
	("tocsin check a\\ r", "tocsin check a\\ rule.yml "),
	("tocsin completion z", "tocsin completion zsh "),
]


def output(*command):
	return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make_folder():
	folder = tempfile.mkdtemp(prefix="tocsin-completion-")
	for name in ("tocsin.yml", "a rule.yml", "all"):
		open(os.path.join(folder, name), "w").close()
	for shell, name in (("bash", "tocsin.bash"), ("zsh", "_tocsin")):
		with open(os.path.join(folder, name), "w") as out:
			out.write(output(TOCSIN, "completion", shell))
	return folder


def ask_bash(folder, words):
	script = 'source ./tocsin.bash; COMP_WORDS=(tocsin "$@"); COMP_CWORD=$#; _tocsin; printf "%s\\n" "${COMPREPLY[@]}"'
	done = subprocess.run(["bash", "--norc", "-c", script, "-", *words], cwd=folder, capture_output=True, text=True)
	assert not done.stderr, done.stderr
	return {line for line in done.stdout.split("\n") if line}


def test_bash(folder):
	for words, expected in BASH_CASES:
		got = ask_bash(folder, words)
		assert got == expected, f"bash, {words}: {got}, not {expected}"


class Zsh:
	"""An interactive one at a terminal of its own."""

	def __init__(self, folder):
		self.child, self.terminal = pty.fork()
		if self.child == 0:
			os.chdir(folder)
			os.environ.update(TERM="dumb", HOME=folder, ZDOTDIR=folder)
			os.execvp("zsh", ["zsh", "-f", "-i"])
		self.type("PS1=; unsetopt zle_bracketed_paste prompt_sp; fpath=($PWD $fpath); autoload -Uz compinit; "
				  "compinit -u -D; echo re''ady\n")
		self.wait_for("ready")

	def type(self, text):
		os.write(self.terminal, text.encode())

	def wait_for(self, wanted):
		seen, end = "", time.monotonic() + PATIENCE
		while wanted not in re.sub(r"\r|\x1b\[[0-9;?]*[a-zA-Z]|\x07", "", seen):
			left = end - time.monotonic()
			if left <= 0 or not select.select([self.terminal], [], [], left)[0]:
				raise AssertionError(f"zsh: waited for {wanted!r}, saw {seen!r}")
			seen += os.read(self.terminal, 4096).decode(errors="replace")

	def close(self):
		os.close(self.terminal)
		os.waitpid(self.child, 0)


def test_zsh(folder):
	if shutil.which("zsh") is None:
		print("zsh is not installed: its completion was not tried")
		return
	zsh = Zsh(folder)
	for typed, expected in ZSH_CASES:
		zsh.type(typed + "\t")
		zsh.wait_for(expected)
		zsh.type("\x15\necho ne''xt\n")
		zsh.wait_for("next")
	zsh.close()


def flags_of(help_text):
	return set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", help_text, re.M))


def test_every_flag(folder):
	commands = re.findall(r"^  (\w+) ", output(TOCSIN, "--help").split("Start here")[0], re.M)
	assert {"run", "check", "query", "completion"} <= set(commands), commands
	manual = output(TOCSIN, "manual").replace("\\-", "-")
	with open(os.path.join(folder, "_tocsin")) as file:
		zsh = file.read()
	for command in commands:
		flags = flags_of(output(TOCSIN, command, "--help"))
		assert flags == ask_bash(folder, [command, "--"]), f"bash: {command}"
		page = manual.split(f".SS tocsin {command}\n")[1].split("\n.S")[0]
		part = zsh.split(f"\t\t{command})\n")[1].split(" ;;\n")[0]
		for flag in flags - {"--help"}:
			assert f"\\fB{flag}\\fR" in page, f"manual: {command} {flag}"
			assert re.search(re.escape(flag) + r"[=\[}]", part), f"zsh: {command} {flag}"


def test_manual(_folder):
	page = output(TOCSIN, "manual")
	if shutil.which("groff") is None:
		print("groff is not installed: the manual page was not formatted")
		return
	done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-rLL=100n"], input=page, capture_output=True, text=True)
	assert done.returncode == 0 and not done.stderr, done.stderr
	text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
	for line in ("tocsin run [OPTION]...", "--interval DURATION", "EXIT STATUS", "TOCSIN_PROMETHEUS_PASSWORD"):
		assert line in text, f"the formatted page lacks {line!r}"


def test_wrong_usage(_folder):
	for words in (["completion"], ["completion", "fish"], ["completion", "bash", "zsh"], ["manual", "run"]):
		done = subprocess.run([TOCSIN, *words], capture_output=True, text=True)
		assert done.returncode == 2 and not done.stdout and "Try: tocsin" in done.stderr, (words, done)


def main():
	folder = make_folder()
	try:
		for test in (test_bash, test_zsh, test_every_flag, test_manual, test_wrong_usage):
			test(folder)
	finally:
		shutil.rmtree(folder)


main()
