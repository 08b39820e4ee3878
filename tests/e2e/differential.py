"""Thousands of expressions, evaluated here over fetched data and by a real Prometheus: the same answers, to the byte where only
exact arithmetic is involved. This proves the fetching; docs/promql.md lists what differs between the versions and is left out.

  differential.py [--seed N] [--count N] [--verbose] [EXPR]...    with expressions: only those

TOCSIN_BINARY and QUERY_BATCH say what is tested. The seed of a failing run is printed; it makes the same run again."""
import argparse
import http.client
import json
import math
import os
import random
import subprocess
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "scripts", "lib"))
from servers import Home, Prometheus, binary, fetch_json
from differential_data import BASE, SECONDS, send, series
from differential_grammar import CLOSE, EXACT, Grammar

SUCCESS = '{"status":"success","data":'


class Question:
	"""An expression at one time or over a range, and both answers, as text."""

	def __init__(self, expr, level, ordered, grid):
		self.expr, self.level, self.ordered, self.grid = expr, level, ordered, grid
		self.ours = self.theirs = None

	def is_range(self):
		return len(self.grid) == 3

	def line(self):
		return "\t".join(["range" if self.is_range() else "instant", *map(str, self.grid), self.expr])

	def request(self):
		names = ("start", "end", "step") if self.is_range() else ("time",)
		fields = {"query": self.expr, **{n: f"{ms / 1000:.3f}" for n, ms in zip(names, self.grid)}}
		return "/api/v1/query" + ("_range" if self.is_range() else ""), urllib.parse.urlencode(fields)

	def where(self):
		return " ".join(f"{ms / 1000:.3f}" for ms in self.grid)


def grids(rng):
	"""One instant and one range, where no sample is."""
	first = (BASE + rng.randint(1500, SECONDS - 300)) * 1000 + rng.choice([777, 777, 100, 9])
	step = rng.choice([15, 30, 60, 97, 300, 7]) * 1000
	return (first,), (first, first + step * rng.randint(0, 30) + rng.randint(0, 1) * 999, step)


def generate(seed, count):
	rng = random.Random(seed)
	grammar = Grammar(rng, BASE + 1500, BASE + SECONDS - 300)
	questions = []
	for _ in range(count):
		made = grammar.raw_range(2) if rng.random() < 0.03 else grammar.expression(rng.choice([1, 2, 2, 3, 3, 4]))
		questions += [Question(*made, grid) for grid in grids(rng)]
	return questions


def ask_here(url, questions, workers=2):
	def work(part):
		lines = "".join(q.line() + "\n" for q in part).encode()
		run = subprocess.run([os.environ["QUERY_BATCH"], url], input=lines, stdout=subprocess.PIPE)
		answers = run.stdout.decode().split("\n")[:-1]
		for q, answer in zip(part, answers):
			q.ours = answer
		if run.returncode != 0 or len(answers) != len(part):
			last = part[len(answers)] if len(answers) < len(part) else part[-1]
			print(f"query_batch ended with {run.returncode} at: {last.line()}", file=sys.stderr)
	threads = [threading.Thread(target=work, args=(questions[i::workers],)) for i in range(workers)]
	for t in threads:
		t.start()
	for t in threads:
		t.join()


def ask_there(server, questions):
	connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
	for q in questions:
		path, body = q.request()
		connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
		q.theirs = connection.getresponse().read().decode()
	connection.close()


def normal(text):
	"""Prometheus 2 writes three characters in labels as Go does for HTML, and keeps the sign of a sum that is zero."""
	return text.replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&").replace('"-0"', '"0"')


def data_text(answer):
	"""The text of `data` in a successful answer, without what follows it."""
	if not answer.startswith(SUCCESS):
		return None
	_, end = json.JSONDecoder().raw_decode(answer, len(SUCCESS))
	return answer[len(SUCCESS):end]


def values_agree(ours, theirs, level):
	if ours == theirs or {ours, theirs} == {"0", "-0"}:
		return True
	a, b = float(ours), float(theirs)
	if math.isnan(a) or math.isnan(b):
		return math.isnan(a) and math.isnan(b)
	if math.isinf(a) or math.isinf(b):
		return a == b
	return level >= CLOSE and abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1)


def points_of(item):
	return item["values"] if "values" in item else [item["value"]]


def compare_items(ours, theirs, level):
	a, b = points_of(ours), points_of(theirs)
	if [p[0] for p in a] != [p[0] for p in b]:
		return f"{len(a)} points, expected {len(b)}: {a[:3]} {b[:3]}"
	for (t, x), (_, y) in zip(a, b):
		if not values_agree(x, y, level):
			return f"at {t}: {x}, expected {y}"
	return None


def sort_key(item):
	return sorted(item["metric"].items())


def compare_series(q, ours, theirs):
	if not q.ordered and not q.is_range():
		ours, theirs = sorted(ours, key=sort_key), sorted(theirs, key=sort_key)
	if [i["metric"] for i in ours] != [i["metric"] for i in theirs]:
		same = sorted(map(sort_key, ours)) == sorted(map(sort_key, theirs))
		return f"{'order' if same else 'series'}: {[i['metric'] for i in ours]}, expected {[i['metric'] for i in theirs]}"
	for a, b in zip(ours, theirs):
		difference = compare_items(a, b, q.level)
		if difference:
			return f"{a['metric']}: {difference}"
	return None


def compare_data(q, ours, theirs):
	if ours["resultType"] != theirs["resultType"]:
		return f"a {ours['resultType']}, expected a {theirs['resultType']}"
	ours, theirs, kind = ours["result"], theirs["result"], theirs["resultType"]
	if kind in ("vector", "matrix"):
		return compare_series(q, ours, theirs)
	if ours[0] != theirs[0] or (ours[1] != theirs[1] and (kind == "string" or not values_agree(ours[1], theirs[1], q.level))):
		return f"{ours}, expected {theirs}"
	return None


def compare(q):
	"""What differs, in words; None: nothing."""
	if q.ours is None:
		return "no answer here"
	ours, theirs = data_text(q.ours), data_text(q.theirs)
	if ours is None or theirs is None:
		return None if ours is theirs else f"{q.ours[:300]}, expected {q.theirs[:300]}"
	difference = compare_data(q, json.loads(ours), json.loads(theirs))
	if difference is None and q.level <= EXACT and (q.ordered or q.is_range()) and normal(ours) != normal(theirs):
		return f"the same values in other words: {ours[:300]}, expected {theirs[:300]}"
	return difference


def command_line(url, questions):
	"""The real command on a few of the questions: local and remote print what the server answers."""
	passed = failed = 0
	environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
	for q in questions:
		names = ("--start", "--end") if q.is_range() else ("--time",)
		options = [w for n, ms in zip(names, q.grid) for w in (n, f"{ms / 1000:.3f}")]
		options += ["--step", f"{q.grid[2]}ms"] if q.is_range() else []
		for where, answer in (("local", q.ours), ("remote", q.theirs)):
			run = subprocess.run([binary(), "query", "--prometheus", url, "--json", "--eval", where, *options, "--", q.expr],
								 stdout=subprocess.PIPE, env=environment)
			shuffled = not q.ordered and not q.is_range()
			same = sorted(run.stdout) == sorted((answer + "\n").encode()) if shuffled else run.stdout.decode() == answer + "\n"
			passed, failed = passed + same, failed + (not same)
			if not same:
				print(f"tocsin query --eval {where} {' '.join(options)} '{q.expr}'\n  {run.stdout[:300]}\n  expected {answer[:300]}")
	return passed, failed


def judge(questions, verbose):
	failed, empty, errors, exact = [], 0, 0, 0
	for q in questions:
		difference = compare(q)
		if difference:
			failed.append(q)
			if len(failed) <= 20 or verbose:
				print(f"{q.where()}  {q.expr}\n  {difference[:600]}")
		text = data_text(q.theirs)
		errors += text is None
		empty += text is not None and text.endswith('"result":[]}')
		exact += text is not None and q.ours is not None and normal(data_text(q.ours) or "") == normal(text)
	print(f"{len(questions)} questions: {errors} errors, {empty} empty answers, {exact} answers the same to the byte")
	return failed, len(questions) - errors - empty


def chosen(args):
	if not args.exprs:
		return generate(args.seed, args.count)
	rng = random.Random(args.seed)
	return [Question(e, CLOSE, False, grid) for e in args.exprs for grid in grids(rng)]


def run(args, home):
	flags = ["--web.enable-remote-write-receiver", "--storage.tsdb.min-block-duration=48h", "--storage.tsdb.retention.time=100y"]
	server = Prometheus(home, "global: {}\n", flags).start()
	samples = send(server.url, series(args.seed))
	version = fetch_json(server.url + "/api/v1/status/buildinfo")["data"]["version"]
	questions = chosen(args)
	print(f"Prometheus {version}, seed {args.seed}, {samples} samples")
	start = time.monotonic()
	asking = threading.Thread(target=ask_there, args=(server, questions))
	asking.start()
	ask_here(server.url, questions)
	asking.join()
	print(f"{time.monotonic() - start:.1f} s")
	failed, telling = judge(questions, args.verbose)
	if args.exprs:
		for q in questions:
			print(f"{q.line()}\n  {q.ours}\n  {q.theirs}")
	good = [q for q in questions if q not in failed and data_text(q.theirs)][:12]
	passed_commands, failed_commands = command_line(server.url, good)
	if not args.exprs and telling < len(questions) / 2:
		print("most answers are empty or errors: the questions test too little")
		failed_commands += 1
	print(f"{len(questions) - len(failed) + passed_commands} passed, {len(failed) + failed_commands} failed")
	return 1 if failed or failed_commands else 0


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--seed", type=int, default=int(os.environ.get("DIFFERENTIAL_SEED", "20260722")))
	parser.add_argument("--count", type=int, default=5000)
	parser.add_argument("--verbose", action="store_true")
	parser.add_argument("exprs", nargs="*")
	with Home() as home:
		return run(parser.parse_args(), home)


if __name__ == "__main__":
	sys.exit(main())
