"""examples/monitoring/: the rules pass their tests, with promtool too; the dashboard is one, and every metric in it and in the rules is one that
tocsin has; and a real Prometheus that scrapes a real tocsin answers every query of the dashboard. TAP."""
import json
import os
import re
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import ROOT, Alertmanager, Home, Prometheus, Tocsin, binary, fetch_json, program, wait_for
from tap import run

FOLDER = os.path.join(ROOT, "examples/monitoring")
RULES = [os.path.join(FOLDER, name) for name in ("tocsin-alerts.yml", "watchdog.yml")]
RULE_TESTS = os.path.join(FOLDER, "tocsin-alerts.test.yml")
METRIC = r"\b(?:tocsin|prometheus|process)_[a-z_]+\b"
SCRAPE = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: tocsin, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


def succeed(*command):
	done = subprocess.run(command, capture_output=True, text=True)
	if done.returncode != 0:
		raise AssertionError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
	return done.stdout


def dashboard():
	with open(os.path.join(FOLDER, "grafana-dashboard.json"), encoding="utf-8") as f:
		return json.load(f)


def queries():
	"""The expressions of the dashboard, with something in the place of its variables."""
	texts = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
	values = {"$job": "tocsin", "$instance": ".*", "$__rate_interval": "10s"}
	for name, value in values.items():
		texts = [text.replace(name, value) for text in texts]
	return texts


def rules_pass(home):
	succeed(binary(), "check", *RULES)
	succeed(binary(), "test", RULE_TESTS)
	succeed(binary(), "test", "--compat", "promtool", RULE_TESTS)
	succeed(program("promtool"), "test", "rules", RULE_TESTS)


def every_alert_is_tested(home):
	with open(RULES[0], encoding="utf-8") as f:
		alerts = re.findall(r"- alert: (\w+)", f.read())
	with open(RULE_TESTS, encoding="utf-8") as f:
		tests = f.read()
	missing = [name for name in alerts if name not in tests]
	if len(alerts) < 5 or missing:
		raise AssertionError(f"{len(alerts)} alerts, without a test: {missing}")


def the_dashboard_is_whole(home):
	board = dashboard()
	ids = [panel["id"] for panel in board["panels"]]
	if board["schemaVersion"] < 39 or len(ids) != len(set(ids)) or len(queries()) < 20:
		raise AssertionError(f"schema {board['schemaVersion']}, panels {ids}")
	cells = set()
	for panel in board["panels"]:
		at = panel["gridPos"]
		mine = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
		if mine & cells or at["x"] + at["w"] > 24:
			raise AssertionError(f"{panel['title']} lies over another panel")
		cells |= mine
	known = {variable["name"] for variable in board["templating"]["list"]} | {"__rate_interval", "__all"}
	used = set(re.findall(r"\$\{?(\w+)", json.dumps(board)))
	if not used <= known:
		raise AssertionError(f"variables that are not there: {used - known}")


def metrics_and_queries_are_real(home):
	alertmanager = Alertmanager(home).start()
	t = Tocsin(home, ["--interval", "1s", "--rules", RULES[1]])
	prometheus = Prometheus(home, SCRAPE.format(port=t.port), ["--web.enable-remote-write-receiver"]).start()
	t.command += ["--prometheus", prometheus.url, "--alertmanager", alertmanager.url, "--remote-write", prometheus.url + "/api/v1/write"]
	t.start()
	names = wait_for("tocsin is scraped", lambda: prometheus.query("tocsin_build_info") and set(
		fetch_json(prometheus.url + "/api/v1/label/__name__/values")["data"]))
	texts = queries()
	with open(RULES[0], encoding="utf-8") as f:
		used = set(re.findall(METRIC, "\n".join(texts) + f.read()))
	if len(used) < 20 or not used <= names:
		raise AssertionError(f"of {len(used)} metrics these are not there: {sorted(used - names)}")
	for text in texts:
		succeed(binary(), "query", "--prometheus", prometheus.url, text)
		answer = fetch_json(prometheus.url + "/api/v1/query", body=urllib.parse.urlencode({"query": text}))
		if answer["status"] != "success":
			raise AssertionError(f"{text}: {answer}")
	wait_for("the watchdog is heard", lambda: [a["labels"]["alertname"] for a in alertmanager.alerts()] == ["Watchdog"])


TESTS = [rules_pass, every_alert_is_tested, the_dashboard_is_whole, metrics_and_queries_are_real]

if __name__ == "__main__":
	run(TESTS, Home)
