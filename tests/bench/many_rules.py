"""10,000 alerting rules at 15 s over 20,000 series, all firing: CPU and memory of `tocsin run` beside vmalert, on one Prometheus.
Prints, asserts nothing."""
import argparse
import http.server
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from beside_vmalert import Vmalert
from servers import Alertmanager, Home, Prometheus, Tocsin, fetch, wait_for

PROMETHEUS_CONFIG = """
global: {{scrape_interval: 15s, scrape_timeout: 10s, evaluation_interval: 15s}}
scrape_configs: [{{job_name: bench, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
{rules}
"""


def serve(rules, per_rule):
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

	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	return server.server_address[1]


def rule_file(rules, per_group):
	lines = ["groups:"]
	for i in range(rules):
		if i % per_group == 0:
			lines += [f"  - name: group-{i // per_group}", "    rules:"]
		lines += [f"      - alert: Load{i}", f'        expr: max by (rule) (load{{rule="{i}"}}) > 5', "        labels: {severity: warning}",
				  '        annotations: {summary: "{{ $labels.rule }} has {{ $value }}"}']
	return "\n".join(lines) + "\n"


def summary(server, name):
	for line in fetch(server.url + "/metrics")[1].split("\n"):
		if line.startswith(name + " "):
			return float(line.split()[-1])
	return 0.0


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
	cpu, source, before = server.cpu_seconds(), prometheus.cpu_seconds(), phases(server) if what == "tocsin" else {}
	time.sleep(seconds)
	resident, peak = server.memory_kib()
	minutes = seconds / 60
	figures = ((server.cpu_seconds() - cpu) / minutes, resident / 1024, peak / 1024, (prometheus.cpu_seconds() - source) / minutes)
	print(f"{what:10} {figures[0]:14.2f} {figures[1]:12.1f} {figures[2]:9.1f} {figures[3]:22.2f}", flush=True)
	if before:
		after = phases(server)
		print("           of that: " + ", ".join(f"{k} {(after[k] - before[k]) / minutes:.2f}" for k in before), flush=True)
	return figures


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--rules", type=int, default=10000)
	parser.add_argument("--series", type=int, default=2, help="for each rule")
	parser.add_argument("--group", type=int, default=50, help="rules in a group")
	parser.add_argument("--seconds", type=int, default=60)
	parser.add_argument("--settle", type=int, default=50, help="seconds before the measurement")
	parser.add_argument("--without-vmalert", action="store_true")
	options = parser.parse_args()
	with Home() as home:
		port = serve(options.rules, options.series)
		prometheus = Prometheus(home, PROMETHEUS_CONFIG.format(port=port, rules="")).start()
		alertmanager = Alertmanager(home).start()
		rules = home.write("rules.yml", rule_file(options.rules, options.group))
		count = options.rules * options.series
		wait_for("data", lambda: [v for _, v in prometheus.query("count(load)")] == [count], 60)
		idle = prometheus.cpu_seconds()
		time.sleep(20)
		print(f"{options.rules} rules over {count} series, every 15 s. Prometheus alone: {(prometheus.cpu_seconds() - idle) * 3:.2f} CPU-s a minute")
		print(f"{'':10} {'CPU s a minute':>14} {'resident MB':>12} {'peak MB':>9} {'Prometheus CPU s a min':>22}")
		t = Tocsin(home, ["--prometheus", prometheus.url, "--alertmanager", alertmanager.url, "--rules", rules]).start()
		ours = measure(t, prometheus, options.settle, options.seconds, "tocsin")
		print(f"           firing: {len(t.alerts())}; failures: {t.metric('prometheus_rule_evaluation_failures_total'):.0f}")
		t.stop()
		if not options.without_vmalert:
			v = Vmalert(home, rules, prometheus, alertmanager, 15, name="vmalert").start()
			theirs = measure(v, prometheus, options.settle, options.seconds, "vmalert")
			v.stop()
			print(f"{'ratio':10} {theirs[0] / ours[0]:14.1f} {theirs[1] / ours[1]:12.1f} {theirs[2] / ours[2]:9.1f} {theirs[3] / ours[3]:22.1f}")


if __name__ == "__main__":
	main()
