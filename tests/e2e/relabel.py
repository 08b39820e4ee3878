"""Relabelled alerts at real Alertmanagers: the same rules and the same relabelling in Prometheus and in tocsin, and what a reload of
the relabelling does. TAP."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Alertmanager, Home, Prometheus, Tocsin, wait_for
from tap import Shared, run

RULES = """
groups:
  - name: g
    rules:
      - {alert: Page, expr: up == 1, labels: {severity: page, team: db}}
      - {alert: Debug, expr: up == 1, labels: {severity: debug}}
      - {alert: Case, expr: vector(1), labels: {mixed: aBÀé}}
      - {alert: Equal, expr: vector(1), labels: {a: x, b: x}}
      - {alert: Unequal, expr: vector(1), labels: {a: x, b: y, cluster: own}}
"""
PODS = [
	"      - {alert: Pod, expr: vector(1), labels: {pod: one}}\n",
	"      - {alert: Pod, expr: vector(1), labels: {pod: two}}\n",
]
EXTERNAL = "external_labels: {cluster: eu-1, replica: r1}"
RELABEL = """alert_relabel_configs:
  - {source_labels: [severity], regex: debug, action: drop}
  - {source_labels: [instance], regex: '([^:]+):(?P<port>[0-9]+)', target_label: host}
  - {source_labels: [alertname, host], regex: '(.+);(.*)', target_label: 'is_$1', replacement: 'yes$2'}
  - {regex: pod|replica, action: labeldrop}
  - {source_labels: [cluster], regex: '(..)-(.)', target_label: cluster, replacement: '${2}_$1'}
  - {source_labels: [mixed], target_label: upper, action: uppercase}
  - {source_labels: [mixed], target_label: lower, action: lowercase}
  - {source_labels: [alertname, cluster], separator: '', modulus: 1000, target_label: shard, action: hashmod}
  - {regex: 'sever(.*)', replacement: 'copy_$1', action: labelmap}
  - {source_labels: [a], regex: '', target_label: a, replacement: none}
  - {source_labels: [a], target_label: b, action: dropequal}
"""
NEW_RELABEL = """alert_relabel_configs:
  - {regex: alertname|cluster, action: labelkeep}
"""
OWN_RELABEL = """    alert_relabel_configs:
      - {source_labels: [team], regex: db, action: keep}
      - {target_label: only_here, replacement: 'yes'}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s, {external}}}
scrape_configs: [{{job_name: self, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
rule_files: [rules.yml]
alerting:
  alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]
  {relabel}
"""
TOCSIN = """
prometheus: {{url: "{prometheus}"}}
evaluation_interval: 1s
resend_delay: 1h
rule_files: [rules.yml]
{external}
{relabel}
alertmanagers:
  - {all}
  - url: {own}
{own_relabel}
"""


def true(condition, what):
	if not condition:
		raise AssertionError(what)


def labels_at(alertmanager):
	return sorted((a["labels"] for a in alertmanager.alerts()), key=lambda labels: sorted(labels.items()))


class Stage:
	"""Prometheus tells `theirs`; tocsin tells `ours` the same, and `own` what its own rules leave."""

	def __init__(self, home):
		self.home = home
		self.theirs, self.ours, self.own = (Alertmanager(home, name=name).start() for name in ("theirs", "ours", "own"))
		self.write_rules(PODS)
		self.prometheus = Prometheus(home, "", ["--rules.alert.resend-delay=1s"])
		home.write("prometheus.yml", PROMETHEUS.format(
			external=EXTERNAL, port=self.prometheus.port, alertmanager=self.theirs.port, relabel=RELABEL.replace("\n", "\n  ")))
		self.prometheus.start()
		self.write_config(RELABEL)
		self.tocsin = Tocsin(home, ["--config", os.path.join(home.path, "tocsin.yml")]).start()

	def write_rules(self, pods):
		self.home.write("rules.yml", RULES + "".join(pods))

	def write_config(self, relabel):
		self.home.write("tocsin.yml", TOCSIN.format(
			prometheus=self.prometheus.url, external=EXTERNAL, relabel=relabel,
			all=self.ours.url, own=self.own.url, own_relabel=OWN_RELABEL))

	def reload(self):
		before = self.tocsin.log().count("rules loaded")
		self.tocsin.send(signal.SIGHUP)
		wait_for("the reload is done", lambda: self.tocsin.log().count("rules loaded") > before)

	def wait_labels(self, alertmanager, wanted):
		try:
			wait_for("labels", lambda: labels_at(alertmanager) == wanted)
		except TimeoutError:
			raise AssertionError(f"{alertmanager.name} has {labels_at(alertmanager)} instead of {wanted}") from None


def as_prometheus_does_it(s):
	names = {"Page", "Case", "Unequal", "Pod"}
	try:
		wait_for("Prometheus' alerts", lambda: {labels["alertname"] for labels in labels_at(s.theirs)} == names)
	except TimeoutError:
		raise AssertionError(f"Prometheus told {labels_at(s.theirs)}\n{s.prometheus.log()[-2000:]}") from None
	theirs = labels_at(s.theirs)
	true(len(theirs) == 4 and all("shard" in labels for labels in theirs), f"{theirs}")
	s.wait_labels(s.ours, theirs)


def own_rules_come_behind(s):
	page = next(labels for labels in labels_at(s.theirs) if labels["alertname"] == "Page")
	s.wait_labels(s.own, [{**page, "only_here": "yes"}])


def two_in_one_end_with_the_last(s):
	"""Their rules go, one after the other; `resend_delay` is an hour, so nothing is repeated meanwhile."""
	def pods():
		return [labels for labels in labels_at(s.ours) if labels["alertname"] == "Pod"]
	s.write_rules(PODS[1:])
	s.reload()
	for _ in range(20):
		true(len(pods()) == 1, "the alert of the other pod goes on")
		time.sleep(0.1)
	s.write_rules([])
	s.reload()
	wait_for("both are over", lambda: not pods())


def new_labels_take_the_place_of_the_old(s):
	s.write_config(NEW_RELABEL)
	s.reload()
	wanted = [{"alertname": name, "cluster": "own" if name == "Unequal" else "eu-1"} for name in ("Case", "Debug", "Equal", "Page", "Unequal")]
	s.wait_labels(s.ours, wanted)
	s.wait_labels(s.own, [])


def mistakes_are_shown_and_change_nothing(s):
	before = labels_at(s.ours)
	s.write_config("alert_relabel_configs:\n  - {action: hashmod, target_label: x}\n")
	s.tocsin.send(signal.SIGHUP)
	wait_for("the mistake is in the log", lambda: "relabel configuration for hashmod requires non-zero modulus" in s.tocsin.log())
	true(labels_at(s.ours) == before, "nothing changed")


def everything_ends_well(s):
	status = s.tocsin.stop()
	true(status == 0, f"exit status {status}")
	log = s.tocsin.log()
	true("AddressSanitizer" not in log and "LeakSanitizer" not in log and "runtime error" not in log, log[-3000:])


TESTS = [as_prometheus_does_it, own_rules_come_behind, two_in_one_end_with_the_last, new_labels_take_the_place_of_the_old,
		 mistakes_are_shown_and_change_nothing, everything_ends_well]


def main():
	with Home(keep="--keep" in sys.argv) as home:
		run(TESTS, Shared(Stage(home)), lambda stage: stage.tocsin.log())


if __name__ == "__main__":
	main()
