"""Many alerting rules, by default 10,000 at 15 s over 20,000 series, all firing: CPU and memory of `tocsin run` beside vmalert, on one Prometheus.
Prints, asserts nothing."""
import argparse
import http.server
import os
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from beside_vmalert import Vmalert
from servers import Alertmanager, Home, Prometheus, Tocsin, fetch, serve, wait_for

PROMETHEUS_CONFIG = """
global: {{scrape_interval: {interval}s, scrape_timeout: {interval}s, evaluation_interval: {interval}s}}
scrape_configs: [{{job_name: bench, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
RULER = """
rule_files: ["{rules}"]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]}}
"""


def serve_load(rules, per_rule):
	"""A page with per_rule series for each rule, whose values move a little."""
	state = {"turn": 0}

	class Handler(http.server.BaseHTTPRequestHandler):
		def do_GET(self):
			state["turn"] += 1
			body = "".join(f'load{{rule="{r}",part="{p}"}} {state["turn"] % 7 + r + 10}\n' for r in range(rules) for p in range(per_rule)).encode()
			self.send_response(200)
			self.send_header("Content-Type", "text/plain; version=0.0.4")
			self.send_header("Content-Length", str(len(body)))
			self.end_headers()
			self.wfile.write(body)

		def log_message(self, *_):
			pass

	return serve(Handler)


class Fake:
	"""Stands in for Prometheus, for more series than it can take here: whatever is asked of load{rule=~"1|2|3"} is there."""

	def __init__(self):
		class Handler(http.server.BaseHTTPRequestHandler):
			protocol_version = "HTTP/1.1"

			def do_POST(self):
				asked = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
				now = float(asked.get("time", [time.time()])[0])
				names = re.search(r'rule=~?"([^"]*)"', asked["query"][0]).group(1).split("|")
				series = ",".join(f'{{"metric":{{"__name__":"load","rule":"{n}","part":"0"}},"value":[{now:.3f},"{int(n) + 10}"]}}' for n in names)
				body = f'{{"status":"success","data":{{"resultType":"vector","result":[{series}]}}}}'.encode()
				self.send_response(200)
				self.send_header("Content-Type", "application/json")
				self.send_header("Content-Length", str(len(body)))
				self.end_headers()
				self.wfile.write(body)

			def log_message(self, *_):
				pass

		self.url = f"http://127.0.0.1:{serve(Handler)}"

	def cpu_seconds(self):
		return float("nan")


def write_rules(home, rules, per_group, threshold):
	"""A pattern for files of at most 50,000 rules."""
	per_file = 50000 // per_group * per_group
	for first in range(0, rules, per_file):
		lines = ["groups:"]
		for i in range(first, min(first + per_file, rules)):
			if i % per_group == 0:
				lines += [f"  - name: group-{i // per_group}", "    rules:"]
			lines += [f"      - alert: Load{i}", f'        expr: max by (rule) (load{{rule="{i}"}}) > {threshold}', "        labels: {severity: warning}",
					  '        annotations: {summary: "{{ $labels.rule }} has {{ $value }}"}']
		home.write(f"rules-{first}.yml", "\n".join(lines) + "\n")
	return os.path.join(home.path, "rules-*.yml")


COUNTERS = ["prometheus_rule_evaluations_total", "prometheus_rule_group_iterations_missed_total", "tocsin_fetches_total", "tocsin_fetch_bytes_total"]


def counts(server):
	"""What tocsin has done so far."""
	return {name: server.metric(name) for name in COUNTERS}


def phases(server):
	"""Where tocsin's time goes, from its own metrics."""
	names = {}
	for line in fetch(server.url + "/metrics")[1].split("\n"):
		if line.startswith("tocsin_phase_seconds_total{"):
			phase = line.split('"')[1]
			names[phase] = float(line.split()[-1])
	return names


def measure(server, prometheus, settle, seconds, what):
	time.sleep(settle)
	before, done = (phases(server), counts(server)) if what == "tocsin" else ({}, {})
	cpu, source = server.cpu_seconds(), prometheus.cpu_seconds()
	time.sleep(seconds)
	resident, peak = server.memory_kib()
	minutes = seconds / 60
	figures = ((server.cpu_seconds() - cpu) / minutes, resident / 1024, peak / 1024, (prometheus.cpu_seconds() - source) / minutes)
	print(f"{what:10} {figures[0]:14.2f} {figures[1]:12.1f} {figures[2]:9.1f} {figures[3]:22.2f}", flush=True)
	if before:
		after = phases(server)
		print("           of that: " + ", ".join(f"{k} {(after[k] - before[k]) / minutes:.2f}" for k in before), flush=True)
		made = {name: value - done[name] for name, value in counts(server).items()}
		print("           " + ", ".join(f"{name} {value / minutes:.0f}" for name, value in made.items()) + " a minute", flush=True)
		if made[COUNTERS[0]]:
			print(f"           {figures[0] * minutes / made[COUNTERS[0]] * 1e6:.1f} CPU microseconds for each evaluation of a rule", flush=True)
	return figures


def run_tocsin(home, options, prometheus, alertmanager, rules):
	print(f"{'':10} {'CPU s a minute':>14} {'resident MB':>12} {'peak MB':>9} {'Prometheus CPU s a min':>22}")
	t = Tocsin(home, ["--prometheus", prometheus.url, "--alertmanager", alertmanager.url, "--rules", rules,
					  "--interval", f"{options.interval}s", *(["--shard", options.shard] if options.shard else [])]).start()
	print(f"           {t.cpu_seconds():.1f} CPU seconds until it answers", flush=True)
	figures = measure(t, prometheus, options.settle, options.seconds, "tocsin")
	print(f"           firing: {len(t.alerts())}; failures: {t.metric('prometheus_rule_evaluation_failures_total'):.0f}")
	t.stop()
	return figures


def beside(home, options, alertmanager, rules):
	port = serve_load(options.rules, options.series)
	prometheus = Prometheus(home, PROMETHEUS_CONFIG.format(port=port, interval=options.interval)).start()
	count = options.rules * options.series
	wait_for("data", lambda: [v for _, v in prometheus.query("count(load)")] == [count], 180)
	idle = prometheus.cpu_seconds()
	time.sleep(20)
	idle = (prometheus.cpu_seconds() - idle) * 3
	print(f"{options.rules} rules over {count} series, every {options.interval} s. Prometheus alone: {idle:.2f} CPU-s a minute, "
		  f"{prometheus.memory_kib()[0] / 1024:.0f} MB")
	ours = run_tocsin(home, options, prometheus, alertmanager, rules)
	if not options.without_vmalert:
		v = Vmalert(home, rules, prometheus, alertmanager, options.interval, name="vmalert").start()
		theirs = measure(v, prometheus, options.settle, options.seconds, "vmalert")
		v.stop()
		print(f"{'ratio':10} {theirs[0] / ours[0]:14.1f} {theirs[1] / ours[1]:12.1f} {theirs[2] / ours[2]:9.1f} {theirs[3] / ours[3]:22.1f}")
	if not options.without_ruler:
		ruler = Prometheus(home, PROMETHEUS_CONFIG.format(port=port, interval=options.interval) + RULER.format(
			rules=rules, port=alertmanager.port), name="ruler").start()
		print("ruler: a second Prometheus, which scrapes the same and evaluates the rules itself", flush=True)
		measure(ruler, prometheus, options.settle, options.seconds, "ruler")


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--rules", type=int, default=10000)
	parser.add_argument("--series", type=int, default=2, help="for each rule")
	parser.add_argument("--group", type=int, default=50, help="rules in a group")
	parser.add_argument("--seconds", type=int, default=60)
	parser.add_argument("--settle", type=int, default=50, help="seconds before the measurement")
	parser.add_argument("--interval", type=int, default=15, help="seconds between evaluations, and between scrapes")
	parser.add_argument("--quiet", action="store_true", help="no alert fires, instead of all")
	parser.add_argument("--shard", default="", help="tocsin has this part of the groups only")
	parser.add_argument("--fake", action="store_true", help="instead of Prometheus a server that has any series; alone with tocsin")
	parser.add_argument("--without-vmalert", action="store_true")
	parser.add_argument("--without-ruler", action="store_true", help="without Prometheus' own")
	options = parser.parse_args()
	with Home() as home:
		alertmanager = Alertmanager(home).start()
		rules = write_rules(home, options.rules, options.group, 1e12 if options.quiet else 5)
		if options.fake:
			print(f"{options.rules} rules, every {options.interval} s, a stand-in for Prometheus")
			run_tocsin(home, options, Fake(), alertmanager, rules)
		else:
			beside(home, options, alertmanager, rules)


if __name__ == "__main__":
	main()
