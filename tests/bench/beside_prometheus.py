"""Evaluation times beside a real Prometheus: the same queries over the same backfilled data. Prints, asserts nothing.

eval_bench says what is asked and how long it takes here, in process; the server tells its own engine's time (innerEvalTime of stats=all), so
that HTTP and JSON do not count against it. The smallest of several runs on both sides."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Home, Prometheus, fetch, program

# Older servers know it by its former name.
RENAMED = {"double_exponential_smoothing": "holt_winters"}


def backfill(home, bench, folder):
	path = os.path.join(home.path, "data.om")
	with open(path, "wb") as f:
		subprocess.run([bench, "--openmetrics"], stdout=f, check=True)
	subprocess.run([program("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=24h", "--quiet", "openmetrics", path, folder],
				   check=True, stdout=subprocess.DEVNULL)
	os.remove(path)


def ask(server, case):
	"""Seconds in the server's engine, and how many series came back."""
	query = case["query"]
	for new, old in RENAMED.items():
		query = query.replace(new, old)
	parameters = {"query": query, "stats": "all"}
	if case["steps"] == 1:
		parameters["time"] = case["end"]
	else:
		parameters.update(start=case["start"], end=case["end"], step=case["step"])
	path = "/api/v1/query" if case["steps"] == 1 else "/api/v1/query_range"
	status, text = fetch(server.url + path, body=urllib.parse.urlencode(parameters), timeout=120)
	if status != 200:
		sys.exit(f"{query}: {text[:300]}")
	stats = text.rindex('"stats":{')  # it comes last; the result may be large
	timings = json.loads(text[text.index("{", stats):text.index("}", stats) + 1] + "}")["timings"]
	return timings["innerEvalTime"], text.count('"metric":{')


def measure(server, case, runs):
	times = []
	for _ in range(runs):
		seconds, rows = ask(server, case)
		times.append(seconds)
	if rows != case["rows"]:
		print(f"{case['query']}: {case['rows']} series here, {rows} there", file=sys.stderr)
	return min(times)


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--bench", default=os.environ.get("TOCSIN_EVAL_BENCH", "build-release/tests/bench/eval_bench"))
	parser.add_argument("--only", default="", help="queries that have this in them")
	parser.add_argument("--runs", type=int, default=5)
	options = parser.parse_args()
	with Home() as home:
		server = Prometheus(home, "", ["--storage.tsdb.retention.time=100y", "--query.max-samples=500000000"])
		backfill(home, options.bench, os.path.join(home.path, "prometheus-data"))
		server.start()
		lines = subprocess.run([options.bench, "--only", options.only], capture_output=True, text=True, check=True).stdout
		ratios = []
		print(f"{'steps':>5} {'tocsin ms':>10} {'Prometheus':>10} {'ratio':>7}  query")
		for case in map(json.loads, lines.splitlines()):
			ours, theirs = case["ns"] / 1e6, measure(server, case, options.runs) * 1e3
			ratios.append(theirs / ours)
			print(f"{case['steps']:5} {ours:10.3f} {theirs:10.3f} {ratios[-1]:7.1f}  {case['query']}", flush=True)
		slower = sum(1 for ratio in ratios if ratio < 1)
		print(f"ratio: median {statistics.median(ratios):.1f}, least {min(ratios):.1f}; slower in {slower} of {len(ratios)}")


if __name__ == "__main__":
	main()
