"""The HTTP API beside Prometheus' own: the same rules in both, and answers of the same shape; and what promtool says of metrics and of
the web configuration in examples/. TAP."""
import json
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import ROOT, Alertmanager, Home, Prometheus, Tocsin, binary, fetch, program, wait_for
from tap import Shared, run

RULES = """
groups:
- name: b
  limit: 9
  rules:
  - record: job:up:sum
    expr: sum   by(job)(up)
    labels: {kind: "<sum>"}
  - alert: Held
    expr: vector(1) > 0
    for: 1h
    labels: {severity: page, value: "{{ $value }}"}
    annotations: {summary: "a & \\"b\\"", empty: ""}
- name: a
  interval: 2s
  rules:
  - alert: Fires
    expr: vector(2)
  - alert: Never
    expr: up > 100
  - alert: Kept
    expr: vector(1)
    keep_firing_for: 5m
- name: empty
  rules: []
"""
# Answered alike by every Prometheus that Debian has; the newer parameters have golden answers.
PATHS = ["/api/v1/rules", "/api/v1/rules?type=alert", "/api/v1/rules?type=record", "/api/v1/alerts", "/api/v1/alertmanagers"]
BAD_PATHS = ["/api/v1/rules?type=x%22y"]
# What tocsin adds, and what only some versions of Prometheus have.
ADDED = {"evaluation", "evaluationReason", "fileError", "application"}
OWN_NAMES = "metric name should not include type 'histogram'"  # what promtool says of Prometheus' own names too


def shape(value):
	"""Keys and types; an array is what all of its items have in common."""
	if isinstance(value, dict):
		return {key: shape(item) for key, item in value.items() if key not in ADDED}
	if isinstance(value, list):
		return [shape(item) for item in value]
	return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


class Both:
	def __init__(self, home):
		rules = home.write("rules.yml", RULES)
		self.alertmanager = Alertmanager(home).start()
		target = self.alertmanager.url.removeprefix("http://")
		self.prometheus = Prometheus(home, "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
									 f"rule_files: ['{rules}']\n"
									 f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{target}']}}]}}]}}\n").start()
		self.tocsin = Tocsin(home, ["--prometheus", self.prometheus.url, "--alertmanager", self.alertmanager.url, "--interval", "1s",
									"--rules", rules]).start()
		for server in (self.prometheus, self.tocsin):
			wait_for(f"{server.name} has evaluated all", lambda s=server: '"unknown"' not in fetch(s.url + PATHS[0])[1]
					 and len(json.loads(fetch(s.url + "/api/v1/alerts")[1])["data"]["alerts"]) == 3)

		wait_for("Prometheus has found its Alertmanager", lambda: self.answers("/api/v1/alertmanagers")[0][1]["data"]["activeAlertmanagers"])

	def answers(self, path):
		return [(status, json.loads(text)) for status, text in (fetch(s.url + path) for s in (self.prometheus, self.tocsin))]


def expect_equal(what, ours, theirs):
	if ours != theirs:
		raise AssertionError(f"{what}: {ours}\ninstead of: {theirs}")


def groups_are_equal(ours, theirs):
	"""Beyond the shape: what does not depend on the moment."""
	for mine, other in zip(ours, theirs):
		for key in ("name", "file", "interval", "limit"):
			expect_equal(key, mine[key], other[key])
		for rule, other_rule in zip(mine["rules"], other["rules"]):
			for key in set(other_rule) - {"alerts", "evaluationTime", "lastEvaluation"}:
				expect_equal(f"{rule['name']}: {key}", rule[key], other_rule[key])


def answers_have_one_shape(both):
	for path in PATHS:
		(status, theirs), (ours_status, ours) = both.answers(path)
		expect_equal(path, ours_status, status)
		if "groups" in theirs["data"]:  # as later versions have it
			theirs["data"]["groups"] = [group for group in theirs["data"]["groups"] if group["rules"]]
		if "alerts" in ours["data"]:
			for answer in (ours, theirs):
				answer["data"]["alerts"].sort(key=lambda alert: alert["labels"]["alertname"])
		expect_equal(path, shape(ours), shape(theirs))
		if "groups" in ours["data"]:
			groups_are_equal(ours["data"]["groups"], theirs["data"]["groups"])
	for path in BAD_PATHS:
		(status, theirs), (ours_status, ours) = both.answers(path)
		expect_equal(path, (ours_status, set(ours), ours["errorType"]), (status, set(theirs), theirs["errorType"]))
	(_, theirs), (_, ours) = both.answers("/api/v1/alertmanagers")
	expect_equal("alertmanagers", ours, theirs)
	for name in ("config", "buildinfo", "runtimeinfo"):
		(_, theirs), (_, ours) = both.answers("/api/v1/status/" + name)
		missing = set(theirs["data"]) - set(ours["data"])
		expect_equal(f"status/{name}: what is missing", missing, set())
		for key, value in theirs["data"].items():
			expect_equal(f"status/{name}: {key}", shape(ours["data"][key]), shape(value))
	(_, theirs), (_, ours) = both.answers("/api/v1/status/flags")
	expect_equal("status/flags", {type(v) for v in ours["data"].values()}, {type(v) for v in theirs["data"].values()})


def families(text):
	return {line.split()[2]: line.split()[3] for line in text.split("\n") if line.startswith("# TYPE ")}


def metrics_have_prometheus_names(both):
	theirs, ours = (fetch(s.url + "/metrics")[1] for s in (both.prometheus, both.tocsin))
	wanted = {name: kind for name, kind in families(theirs).items()
			  if name.startswith(("prometheus_rule_", "prometheus_notifications_", "prometheus_template_", "prometheus_config_"))}
	if len(wanted) < 15:
		raise AssertionError(f"Prometheus has only {sorted(wanted)}")
	expect_equal("families", {name: families(ours).get(name) for name in wanted}, wanted)
	check = subprocess.run([program("promtool"), "check", "metrics"], input=ours, capture_output=True, text=True)
	complaints = [line for line in (check.stdout + check.stderr).split("\n") if line and not line.endswith(OWN_NAMES)]
	expect_equal("promtool check metrics", complaints, [])


def pages_make_a_whole(both):
	"""group_limit and group_next_token, as Grafana goes through them."""
	t = both.tocsin
	whole = json.loads(fetch(t.url + "/api/v1/rules?exclude_alerts=1")[1])["data"]["groups"]
	found, token = [], ""
	while True:
		query = urllib.parse.urlencode({"exclude_alerts": "true", "group_limit": 1, **({"group_next_token": token} if token else {})})
		data = json.loads(fetch(f"{t.url}/api/v1/rules?{query}")[1])["data"]
		found += [group["name"] for group in data["groups"]]
		token = data.get("groupNextToken")
		if not token:
			break
	expect_equal("pages", found, [group["name"] for group in whole])


def web_example_is_content(both):
	path = os.path.join(ROOT, "examples", "web.yml")
	for command in ([binary(), "check", path], [program("promtool"), "check", "web-config", path]):
		check = subprocess.run(command, capture_output=True, text=True)
		if check.returncode != 0:
			raise AssertionError(check.stdout + check.stderr)


TESTS = [answers_have_one_shape, metrics_have_prometheus_names, pages_make_a_whole, web_example_is_content]


if __name__ == "__main__":
	with Home() as both_home:
		run(TESTS, Shared(Both(both_home)), lambda both: both.tocsin.log())
