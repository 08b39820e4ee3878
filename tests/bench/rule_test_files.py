"""`tocsin test` beside `promtool test rules`: 500 rules and a rule-test file of five groups over 30 minutes at 15 s, which is what a team
of some twenty services has. Prints, asserts nothing."""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

RECORDING = [
	("service:requests:rate5m", 'sum by (service, code) (rate(http_requests_total{{service="{s}"}}[5m]))'),
	("service:errors:ratio5m", 'sum by (service) (rate(http_requests_total{{service="{s}",code=~"5.."}}[5m])) / sum by (service) (rate(http_requests_total{{service="{s}"}}[5m]))'),
	("service:latency:p99", 'histogram_quantile(0.99, sum by (service, le) (rate(http_seconds_bucket{{service="{s}"}}[5m])))'),
	("service:memory:ratio", 'process_memory_bytes{{service="{s}"}} / on (service, instance) process_memory_limit_bytes'),
]
ALERTING = [
	("Down", 'up{{service="{s}"}} == 0', "2m"),
	("AllDown", 'sum by (service) (up{{service="{s}"}}) == 0', "1m"),
	("Absent", 'absent(up{{service="{s}"}})', "5m"),
	("ErrorsHigh", 'service:errors:ratio5m{{service="{s}"}} > 0.05', "2m"),
	("ErrorsVeryHigh", 'service:errors:ratio5m{{service="{s}"}} > 0.2', "1m"),
	("Slow", 'service:latency:p99{{service="{s}"}} > 0.5', "5m"),
	("VerySlow", 'service:latency:p99{{service="{s}"}} > 2', "2m"),
	("MemoryHigh", 'service:memory:ratio{{service="{s}"}} > 0.9', "5m"),
	("MemoryLeak", 'deriv(process_memory_bytes{{service="{s}"}}[10m]) > 1e6', "10m"),
	("DiskFullSoon", 'predict_linear(disk_free_bytes{{service="{s}"}}[15m], 4 * 3600) < 0', "5m"),
	("QueueGrows", 'queue_length{{service="{s}"}} > 100 and deriv(queue_length{{service="{s}"}}[5m]) > 0', "5m"),
	("NoTraffic", 'sum by (service) (rate(http_requests_total{{service="{s}"}}[5m])) == 0', "5m"),
	("TrafficDropped", 'sum by (service) (rate(http_requests_total{{service="{s}"}}[5m])) < 0.5 * sum by (service) (rate(http_requests_total{{service="{s}"}}[5m] offset 10m))', "5m"),
	("Restarts", 'changes(process_start_time_seconds{{service="{s}"}}[15m]) > 2', ""),
	("ClockSkew", 'abs(time() - node_time_seconds{{service="{s}"}}) > 60', "5m"),
	("CertificateExpires", 'certificate_not_after{{service="{s}"}} - time() < 86400 * 7', "1h"),
]


def rule_file(services):
	lines = ["groups:"]
	for s in services:
		lines += [f"  - name: {s}", "    rules:"]
		for name, expr in RECORDING:
			lines += [f"      - record: {name}", f"        expr: {expr.format(s=s)!r}"]
		for name, expr, hold in ALERTING:
			lines += [f"      - alert: {name}", f"        expr: {expr.format(s=s)!r}"] + ([f"        for: {hold}"] if hold else [])
			lines += ["        labels: {severity: page, team: platform}", "        annotations:",
					  '          summary: "{{ $labels.service }} {{ $labels.instance }}: {{ $value | humanize }}"',
					  f'          runbook: "https://runbooks.example.com/{name}"']
	return "\n".join(lines) + "\n"


def series(service, sick, rng, points):
	"""Input series of one service; of a sick one the first instance goes down after ten minutes and errors begin."""
	bad = points // 3
	for i in range(3):
		labels = f'service="{service}",instance="{service}-{i}:8080"'
		up = f"1x{bad - 1} 0x{points - bad - 1}" if sick and i == 0 else f"1x{points - 1}"
		yield f"up{{{labels}}}", up
		yield f'http_requests_total{{{labels},code="200"}}', f"0+{rng.randint(50, 200)}x{points - 1}"
		errors = f"0+1x{bad - 1} {bad}+60x{points - bad - 1}" if sick else f"0+1x{points - 1}"
		yield f'http_requests_total{{{labels},code="500"}}', errors
		for le, share in (("0.1", 5), ("0.5", 9), ("1", 10), ("+Inf", 10)):
			yield f'http_seconds_bucket{{{labels},le="{le}"}}', f"0+{share * 10}x{points - 1}"
		yield f"process_memory_bytes{{{labels}}}", f"5e8+{rng.randint(1, 9)}000x{points - 1}"
		yield f"process_memory_limit_bytes{{{labels}}}", f"1e9x{points - 1}"
		yield f"queue_length{{{labels}}}", f"0+{2 if sick else 0}x{points - 1}"


def test_file(services, groups, minutes):
	rng, points = random.Random(1), minutes * 4 + 1
	lines = ["rule_files: [rules.yml]", "evaluation_interval: 15s", "tests:"]
	for g in range(groups):
		chosen = services[g * 4:g * 4 + 4]
		sick = chosen[0]
		lines += [f"  - name: {sick} is sick", "    interval: 15s", "    input_series:"]
		for s in chosen:
			for name, values in series(s, s == sick, rng, points):
				lines += [f"      - series: '{name}'", f"        values: '{values}'"]
		lines += ["    alert_rule_test:"]
		for minute in range(5, minutes, 5):
			lines += [f"      - eval_time: {minute}m", "        alertname: Down"]
			if minute >= 12:
				lines += ["        exp_alerts:", f"          - exp_labels: {{severity: page, team: platform, service: {sick}, instance: '{sick}-0:8080'}}",
						  f"            exp_annotations: {{summary: '{sick} {sick}-0:8080: 0', runbook: 'https://runbooks.example.com/Down'}}"]
			lines += [f"      - eval_time: {minute}m", "        alertname: AllDown"]
		lines += ["    promql_expr_test:", "      - expr: count(service:memory:ratio)", f"        eval_time: {minutes}m",
				  f"        exp_samples: [{{value: {3 * len(chosen)}}}]"]
	return "\n".join(lines) + "\n"


# alerts that do not fire at the end: checks of them make --mutate try their rules
QUIET = ["MemoryHigh", "MemoryLeak", "DiskFullSoon", "NoTraffic", "TrafficDropped", "VerySlow", "ClockSkew", "CertificateExpires", "Restarts"]


def with_quiet_alerts(text, minutes):
	checks = "".join(f"      - eval_time: {minutes}m\n        alertname: {name}\n" for name in QUIET)
	return text.replace("    alert_rule_test:\n", "    alert_rule_test:\n" + checks)


def measure_mutants(tocsin, folder, minutes):
	with open(os.path.join(folder, "test.yml"), encoding="utf-8") as f:
		text = with_quiet_alerts(f.read(), minutes)
	path = os.path.join(folder, "mutate.yml")
	with open(path, "w", encoding="utf-8") as f:
		f.write(text)
	command = [tocsin, "test", "--json", "--mutate", "--mutate-min", "0", path]
	result = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)["mutation"]
	tried = result["killed"] + sum(s["looked_at"] for s in result["survivors"])
	cost = measure(command, 1)
	print("  %-34s %7.3f CPU-s  %7.3f s  %6.1f MiB  %d mutants that a test looks at, %.0f per CPU-second" %
		  ("tocsin test --mutate", *cost, tried, tried / cost[0]))


def write(folder, services, groups, minutes):
	names = [f"service-{i:02}" for i in range(services)]
	for name, text in (("rules.yml", rule_file(names)), ("test.yml", test_file(names, groups, minutes))):
		with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
			f.write(text)


def measure(command, runs):
	"""CPU-seconds, seconds and MiB: the least of several runs."""
	results = []
	for _ in range(runs):
		before = time.monotonic()
		child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
		message = child.stderr.read()
		_, status, usage = os.wait4(child.pid, 0)
		if os.waitstatus_to_exitcode(status) != 0:
			sys.exit(f"{' '.join(command)}: {message.decode()[:1000]}")
		results.append((usage.ru_utime + usage.ru_stime, time.monotonic() - before, usage.ru_maxrss / 1024))
	return [min(column) for column in zip(*results)]


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--tocsin", default=os.environ.get("TOCSIN_BINARY", "build-release/tocsin"))
	parser.add_argument("--promtool", action="append", help="default: the one in PATH; several are measured one after the other")
	parser.add_argument("--services", type=int, default=25, help="20 rules each")
	parser.add_argument("--groups", type=int, default=5)
	parser.add_argument("--minutes", type=int, default=30)
	parser.add_argument("--runs", type=int, default=5, help="of tocsin; promtool runs once")
	parser.add_argument("--write", metavar="FOLDER", help="only write the files there")
	options = parser.parse_args()
	if options.write:
		write(options.write, options.services, options.groups, options.minutes)
		return
	with tempfile.TemporaryDirectory() as folder:
		write(folder, options.services, options.groups, options.minutes)
		test = os.path.join(folder, "test.yml")
		print(f"rule tests: {20 * options.services} rules, {options.groups} test groups, {options.minutes} min at 15 s")
		own = measure([options.tocsin, "test", "--compat", "promtool", test], options.runs)
		print("  %-34s %7.3f CPU-s  %7.3f s  %6.1f MiB" % ("tocsin test", *own))
		covered = measure([options.tocsin, "test", "--compat", "promtool", "--coverage", test], options.runs)
		print("  %-34s %7.3f CPU-s  %7.3f s  %6.1f MiB  %.2f times the CPU" % ("tocsin test --coverage", *covered, covered[0] / own[0]))
		measure_mutants(options.tocsin, folder, options.minutes)
		for promtool in options.promtool or [shutil.which("promtool")]:
			if promtool is None:
				print("  promtool is not there")
				continue
			told = subprocess.run([promtool, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
			version = re.search(r"version ([^\s,]*)", told).group(1) or "of no version"
			other = measure([promtool, "test", "rules", test], 1)
			print("  %-34s %7.3f CPU-s  %7.3f s  %6.1f MiB  %.0f times the CPU, %.0f times the memory" %
				  (f"promtool {version} test rules", *other, other[0] / own[0], other[2] / own[2]))


if __name__ == "__main__":
	main()
