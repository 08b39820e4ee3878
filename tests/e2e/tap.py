"""Runs functions as tests and says in TAP what came of each."""
import sys


def _print_comment(text, prefix=""):
	for line in text.split("\n"):
		print(f"# {prefix}{line}", flush=True)


def run(tests, stage, log=lambda stage: ""):
	"""Each test is called with a stage: what `stage()` makes once for all of them, or, if it is a context manager's class, makes anew
	and leaves for each. A test that raises has failed; the next ones still run, unless it has `needed`. `log(stage)` is shown when one did. Ends the
	process."""
	print(f"1..{len(tests)}", flush=True)
	failed = 0
	for number, test in enumerate(tests, 1):
		s = None
		try:
			with stage() as s:
				test(s)
			print(f"ok {number} - {test.__name__}", flush=True)
		except Exception as error:
			failed += 1
			print(f"not ok {number} - {test.__name__}", flush=True)
			_print_comment(f"{type(error).__name__}: {error}")
			text = log(s) if s is not None else ""
			if text:
				_print_comment(text[-4000:], "log: ")
			if getattr(test, "needed", False):
				print("Bail out! What follows needs it.", flush=True)
				break
	sys.exit(1 if failed else 0)


class Shared:
	"""One stage for all tests, as `run` wants it."""

	def __init__(self, stage):
		self.stage = stage

	def __call__(self):
		return self

	def __enter__(self):
		return self.stage

	def __exit__(self, *exception):
		return False
