"""The three built-in alerts through a real Prometheus and a real Alertmanager, and what happens while one of those is away. TAP."""
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Alertmanager, Home, Load, ModelServer, Prometheus, Tocsin, binary, fetch, program, wait_for
from tap import Shared, run

MODELS = ["m-errors", "m-slow", "m-idle", "m-good"]
PROMETHEUS_CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: models, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
RESEND_SECONDS = 3
VALID_SECONDS = 4 * RESEND_SECONDS  # endsAt = time of sending + 4 x max(interval, resend delay)
TOCSIN_CONFIG = """
prometheus: {{url: "{prometheus}", timeout: 2s}}
alertmanagers: [{{url: "{alertmanager}", timeout: 2s}}]
evaluation_interval: 1s
resend_delay: {resend}s
external_labels: {{cluster: e2e}}
external_url: http://prometheus.example
presets:
  - name: generic
    parameters: {{window: 10s, zero_for: 2s, error_for: 4s, p95_for: 4s}}
"""
EXPECTED = {  # alertname: (model, severity, for in seconds)
	"PredictionErrorRatioHigh": ("m-errors", "critical", 4),
	"PredictionLatencyP95High": ("m-slow", "warning", 4),
	"PredictionRateZero": ("m-idle", "critical", 2),
}


def seconds_of(stamp):
	return datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp()


def equal(got, expected, what=""):
	if got != expected:
		raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


def true(condition, what):
	if not condition:
		raise AssertionError(what)


class Stage:
	"""All servers, running, and what the tests need to know of each other."""

	def __init__(self, home):
		self.home = home
		self.model_server = ModelServer(home, MODELS).start()
		self.prometheus = Prometheus(home, PROMETHEUS_CONFIG.format(port=self.model_server.port)).start()
		self.alertmanager = Alertmanager(home).start()
		self.loads = {model: Load(home, self.model_server, [model], rate=15, name="load-" + model).start() for model in MODELS}
		config = home.write("tocsin.yml", TOCSIN_CONFIG.format(
			prometheus=self.prometheus.url, alertmanager=self.alertmanager.url, resend=RESEND_SECONDS))
		self.tocsin = Tocsin(home, ["--config", config]).start()
		self.firing_since = {}

	def states(self):
		return {a["labels"]["alertname"]: a["state"] for a in self.tocsin.alerts()}

	def sent(self):
		"""alertname: alert, as Alertmanager has the firing ones."""
		return {a["labels"]["alertname"]: a for a in self.alertmanager.alerts()}

	def wait_sent(self, names, seconds=40):
		names = set(names)
		wait_for(f"Alertmanager holds {sorted(names)}", lambda: set(self.sent()) == names or None if names else not self.sent(), seconds)


def healthy_is_quiet(s):
	wait_for("Prometheus has data", lambda: len(s.prometheus.query("rate(predictions_total[10s]) > 0")) == len(MODELS))
	time.sleep(12)
	equal(s.tocsin.alerts(), [], "alerts of healthy models")
	equal(s.alertmanager.alerts(), [], "alerts at Alertmanager")
	for rule in s.tocsin.rules():
		equal((rule["state"], rule["health"]), ("inactive", "ok"), rule["name"])


def faults_make_pending_alerts(s):
	s.model_server.fault("m-errors", "errors")
	s.model_server.fault("m-slow", "slow")
	s.loads["m-idle"].stop()
	seen = {}

	def all_seen():
		for name, state in s.states().items():
			seen.setdefault(name, state)
		return set(seen) == set(EXPECTED)
	wait_for("all three are active", all_seen, 40)
	equal(seen, {name: "pending" for name in EXPECTED}, "first state")


def pending_becomes_firing(s):
	s.wait_sent(EXPECTED)
	for alert in s.tocsin.alerts():
		name = alert["labels"]["alertname"]
		equal(alert["state"], "firing", name)
		s.firing_since[name] = seconds_of(s.sent()[name]["startsAt"])
		held = s.firing_since[name] - seconds_of(alert["activeAt"])
		true(abs(held - EXPECTED[name][2]) < 0.01, f"{name}: startsAt is {held} s after activeAt, the rule says for: {EXPECTED[name][2]}s")


def labels_and_annotations(s):
	for name, alert in s.sent().items():
		model, severity, _ = EXPECTED[name]
		equal(alert["labels"], {"alertname": name, "model": model, "severity": severity, "cluster": "e2e"}, name)
		true(alert["annotations"]["summary"].endswith(f"model={model}"), alert["annotations"]["summary"])
		true("error expanding" not in alert["annotations"]["summary"], "templates expand: " + alert["annotations"]["summary"])
		true(alert["generatorURL"].startswith("http://prometheus.example/graph?g0.expr="), alert["generatorURL"])


def resend_moves_ends_at(s):
	first = {name: (a["startsAt"], seconds_of(a["endsAt"])) for name, a in s.sent().items()}
	for name, (_, ends_at) in first.items():
		ahead = ends_at - time.time()
		true(0 < ahead <= VALID_SECONDS + 0.5, f"{name}: endsAt is {ahead} s ahead")
	time.sleep(2 * RESEND_SECONDS + 2)
	for name, alert in s.sent().items():
		equal(alert["startsAt"], first[name][0], f"{name}: startsAt of a resend")
		true(seconds_of(alert["endsAt"]) > first[name][1], f"{name}: endsAt moves on")


def prometheus_agrees(s):
	"""Prometheus' own answer to the same expression."""
	for rule in s.tocsin.rules():
		result = s.prometheus.query(rule["query"])
		equal([labels.get("model") for labels, _ in result], [EXPECTED[rule["name"]][0]], rule["name"])


def without_prometheus_nothing_changes(s):
	before = {name: a["startsAt"] for name, a in s.sent().items()}
	s.prometheus.stop()
	wait_for("the rules report it", lambda: all(r["health"] == "err" for r in s.tocsin.rules()))
	for rule in s.tocsin.rules():
		true("127.0.0.1" in rule["lastError"] and "refused" in rule["lastError"], rule["lastError"])
	failures = s.tocsin.metric("prometheus_rule_evaluation_failures_total")
	end = time.monotonic() + VALID_SECONDS + 8  # longer than Alertmanager believes the last word
	while time.monotonic() < end:
		equal({name: a["startsAt"] for name, a in s.sent().items()}, before, "firing while Prometheus is away")
		equal(set(s.states().values()), {"firing"}, "states while Prometheus is away")
		time.sleep(0.5)
	true(s.tocsin.metric("prometheus_rule_evaluation_failures_total") > failures, "failures are counted")
	s.prometheus.start()
	wait_for("the rules are well again", lambda: all(r["health"] == "ok" for r in s.tocsin.rules()))
	wait_for("the window is full again", lambda: len(s.prometheus.query("rate(predictions_total[10s])")) == len(MODELS))


def alertmanager_away_for_a_minute(s):
	"""Two alerts end and one goes on meanwhile; afterwards Alertmanager knows all of it."""
	s.wait_sent(EXPECTED)
	starts_at = s.sent()["PredictionLatencyP95High"]["startsAt"]
	s.alertmanager.stop()
	began = time.monotonic()
	s.model_server.fault("m-errors", "none")
	s.loads["m-idle"].start()
	wait_for("two are over", lambda: s.states() == {"PredictionLatencyP95High": "firing"}, 50)
	true(s.tocsin.metric("prometheus_notifications_errors_total") > 0, "failed deliveries are counted")
	time.sleep(max(0.0, 60 - (time.monotonic() - began)))
	s.alertmanager.start()
	s.wait_sent(["PredictionLatencyP95High"], 35)
	equal(s.sent()["PredictionLatencyP95High"]["startsAt"], starts_at, "startsAt after Alertmanager is back")
	wait_for("nothing is left to send", lambda: s.tocsin.metric("prometheus_notifications_queue_length") == 0, 35)


def resolved_is_said_at_once(s):
	began = time.time()
	s.model_server.fault("m-slow", "none")
	wait_for("the alert is over", lambda: not s.states(), 40)
	over = time.time()
	s.wait_sent([], VALID_SECONDS)
	true(time.time() - over < RESEND_SECONDS, f"Alertmanager knew {time.time() - over:.1f} s after tocsin")
	status, text = fetch(s.alertmanager.url + "/api/v2/alerts?active=true&silenced=false&inhibited=false")
	equal((status, json.loads(text)), (200, []), "active alerts")
	true(over - began < 40, "resolved in time")


def vanished_target_keeps_its_labels(s):
	s.model_server.stop()
	wait_for("all models are missed", lambda: len(s.sent()) == 1 and len(s.alertmanager.alerts()) == len(MODELS), 60)
	equal(sorted(a["labels"]["model"] for a in s.alertmanager.alerts()), sorted(MODELS), "models")
	equal({a["labels"]["alertname"] for a in s.alertmanager.alerts()}, {"PredictionRateZero"}, "alert names")
	s.model_server.start()
	wait_for("all are back", lambda: not s.alertmanager.alerts(), 60)


def bad_reload_keeps_the_rules(s):
	path = os.path.join(s.home.path, "tocsin.yml")
	with open(path, encoding="utf-8") as f:
		good = f.read()
	s.home.write("tocsin.yml", good + "rule_files: [bad.yml]\n")
	s.home.write("bad.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: rate(up)\n")
	before = [r["name"] for r in s.tocsin.rules()]
	s.tocsin.send(signal.SIGHUP)
	wait_for("the failed reload shows in the metrics", lambda: s.tocsin.metric("prometheus_config_last_reload_successful") == 0)
	equal([r["name"] for r in s.tocsin.rules()], before, "rules after a bad reload")
	true("bad.yml:5:16" in s.tocsin.log(), "the log names the place:\n" + s.tocsin.log()[-600:])
	s.home.write("bad.yml", "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: vector(1)\n")
	s.tocsin.send(signal.SIGHUP)
	wait_for("the mended file is loaded", lambda: len(s.tocsin.rules()) == len(before) + 1)
	equal(s.tocsin.metric("prometheus_config_last_reload_successful"), 1.0, "reload successful")
	s.wait_sent(["A"])
	s.home.write("tocsin.yml", good)
	s.tocsin.send(signal.SIGHUP)
	s.wait_sent([])  # the alert of a rule that is gone is resolved


def term_drains_and_exits(s):
	equal(s.tocsin.stop(), 0, "exit status")
	true("ERROR: AddressSanitizer" not in s.tocsin.log() and "LeakSanitizer" not in s.tocsin.log()
		 and "runtime error" not in s.tocsin.log(), s.tocsin.log()[-3000:])


def presets_please_promtool(s):
	text = subprocess.run([binary(), "presets", "generic"], capture_output=True, text=True, check=True).stdout
	path = s.home.write("generic.yml", text)
	run = subprocess.run([program("promtool"), "check", "rules", path], capture_output=True, text=True)
	equal(run.returncode, 0, run.stdout + run.stderr)


TESTS = [healthy_is_quiet, faults_make_pending_alerts, pending_becomes_firing, labels_and_annotations, resend_moves_ends_at,
		 prometheus_agrees, without_prometheus_nothing_changes, alertmanager_away_for_a_minute, resolved_is_said_at_once,
		 vanished_target_keeps_its_labels, bad_reload_keeps_the_rules, presets_please_promtool, term_drains_and_exits]


def main():
	with Home(keep="--keep" in sys.argv) as home:
		run(TESTS, Shared(Stage(home)), lambda stage: stage.tocsin.log())


if __name__ == "__main__":
	main()
