"""10,000 alerting rules, 3.3 MB: CPU and memory of `tocsin check` beside `promtool check rules` and `vmalert -dryRun`. The best of several
runs each, in turn, so that all have the same machine. Prints, asserts nothing."""
import argparse
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Home, binary, program

RULE = """  - alert: HighErrorRate{i}
    expr: sum by (job) (rate(http_requests_total{{job="api-{i}", code=~"5.."}}[5m])) > 0.{digits}
    for: 5m
    labels:
      severity: critical
    annotations:
      summary: "{{{{ $labels.job }}}} has errors"
      description: "The error ratio of {{{{ $labels.job }}}} is {{{{ $value | humanizePercentage }}}}"
"""


def rule_file(rules, per_group):
	parts = ["groups:\n"]
	for i in range(rules):
		if i % per_group == 0:
			parts.append(f"- name: group-{i // per_group}\n  rules:\n")
		parts.append(RULE.format(i=i, digits=i % 90 + 10))
	return "".join(parts)


def run(command):
	"""(CPU seconds, peak MiB)"""
	child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
	said = child.stderr.read().decode(errors="replace")
	_, status, used = os.wait4(child.pid, 0)
	child.returncode = os.waitstatus_to_exitcode(status)
	if child.returncode != 0:
		sys.exit(f"{command[0]} failed: {said[-500:]}")
	return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main():
	options = argparse.ArgumentParser(description=__doc__)
	options.add_argument("--rules", type=int, default=10000)
	options.add_argument("--per-group", type=int, default=100)
	options.add_argument("--runs", type=int, default=5)
	o = options.parse_args()
	with Home() as home:
		path = home.write("rules.yml", rule_file(o.rules, o.per_group))
		rivals = {
			"tocsin": [binary(), "check", "-q", path],
			"promtool": [program("promtool"), "check", "rules", path],
			"vmalert": [program("vmalert"), "-dryRun", f"-rule={path}"],
		}
		figures = {name: (float("inf"), float("inf")) for name in rivals}
		for _ in range(o.runs):
			for name, command in rivals.items():
				figures[name] = min(figures[name], run(command))
		own_cpu, own_memory = figures["tocsin"]
		print(f"{o.rules} rules, {os.path.getsize(path) / 1e6:.1f} MB")
		print(f"{'':9} {'CPU s':>8} {'peak MiB':>9} {'CPU ratio':>10} {'memory ratio':>13}")
		for name, (cpu, memory) in figures.items():
			print(f"{name:9} {cpu:8.3f} {memory:9.1f} {cpu / own_cpu:10.1f} {memory / own_memory:13.1f}")


main()
