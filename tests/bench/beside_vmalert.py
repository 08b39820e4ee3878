"""Peak memory and CPU of `tocsin run` beside vmalert: the same rules, the same Prometheus, the same time. Prints, asserts nothing."""
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Alertmanager, Home, Load, ModelServer, Prometheus, Server, Tocsin, program, wait_for

MODELS = [f"model-{i}" for i in range(20)]
PROMETHEUS_CONFIG = """
global: {{scrape_interval: 5s, scrape_timeout: 2s}}
scrape_configs: [{{job_name: models, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


class Vmalert(Server):
	ready_path = "/health"

	def __init__(self, home, rules, prometheus, alertmanager, interval, name):
		super().__init__(home, name, [
			program("vmalert"), "-rule", rules, "-datasource.url", prometheus.url, "-notifier.url", alertmanager.url,
			"-evaluationInterval", f"{interval}s", "-httpListenAddr", "127.0.0.1:{port}"])


def rule_file(count):
	"""Ratios, quantiles and plain thresholds, as rule files have them."""
	lines = ["groups:"]
	for i in range(count):
		model = MODELS[i % len(MODELS)]
		expr = [
			f'sum by (model) (rate(predictions_total{{model="{model}"}}[5m])) == 0',
			f'sum by (model) (rate(prediction_errors_total{{model="{model}"}}[5m])) / sum by (model) (rate(predictions_total{{model="{model}"}}[5m])) > 0.05',
			f'histogram_quantile(0.95, sum by (model, le) (rate(prediction_latency_seconds_bucket{{model="{model}"}}[5m]))) > 0.5',
		][i % 3]
		if i % 10 == 0:
			lines += [f"  - name: group-{i // 10}", "    rules:"]
		lines += [f"      - alert: Alert{i}", f"        expr: {expr}", "        for: 1m", "        labels: {severity: warning}",
				  '        annotations: {summary: "{{ $labels.model }}: {{ $value }}"}']
	return "\n".join(lines) + "\n"


def measure(home, prometheus, alertmanager, count, interval, seconds):
	rules = home.write(f"rules-{count}.yml", rule_file(count))
	rivals = {
		"tocsin": Tocsin(home, ["--prometheus", prometheus.url, "--alertmanager", alertmanager.url, "--rules", rules,
								"--interval", f"{interval}s"], name=f"tocsin-{count}"),
		"vmalert": Vmalert(home, rules, prometheus, alertmanager, interval, name=f"vmalert-{count}"),
	}
	figures = {}
	for server in rivals.values():
		server.start()
	time.sleep(seconds)
	for name, server in rivals.items():
		resident, peak = server.memory_kib()
		figures[name] = (resident / 1024, peak / 1024, server.cpu_seconds() * 60 / seconds)
		server.stop()
	for name, (resident, peak, cpu) in figures.items():
		print(f"{count:6} {name:8} {resident:12.1f} {peak:10.1f} {cpu:14.3f}")
	ratios = [b / a if a else float("inf") for a, b in zip(figures["tocsin"], figures["vmalert"])]
	print(f"{count:6} {'ratio':8} {ratios[0]:12.1f} {ratios[1]:10.1f} {ratios[2]:14.1f}", flush=True)


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--rules", type=int, nargs="*", default=[3, 50])
	parser.add_argument("--interval", type=int, default=5, help="seconds between evaluations")
	parser.add_argument("--seconds", type=int, default=60)
	options = parser.parse_args()
	with Home() as home:
		model_server = ModelServer(home, MODELS).start()
		prometheus = Prometheus(home, PROMETHEUS_CONFIG.format(port=model_server.port)).start()
		alertmanager = Alertmanager(home).start()
		Load(home, model_server, MODELS[:5], rate=5).start()
		wait_for("data", lambda: len(prometheus.query("rate(predictions_total[1m])")) == len(MODELS), 60)
		print(f"{'rules':>6} {'program':8} {'resident MB':>12} {'peak MB':>10} {'CPU s a minute':>14}")
		for count in options.rules:
			measure(home, prometheus, alertmanager, count, options.interval, options.seconds)


if __name__ == "__main__":
	main()
