"""Alerting moves from Prometheus' own ruler to tocsin, and from vmalert, while an alert fires: the receiver behind a real Alertmanager hears of it
once, and of its end once. What docs/migration.md says about the way there, and about what happens otherwise. TAP."""
import http.server
import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Alertmanager, Home, Prometheus, Server, Tocsin, fetch_json, program, wait_for
from tap import run

RULES = """
groups:
  - name: moving
    rules:
      - alert: TooHigh
        expr: level > 10
        for: 2s
        labels: {severity: page}
        annotations: {summary: 'level is {{ $value }}'}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s, external_labels: {{cluster: eu, replica: a}}}}
scrape_configs: [{{job_name: x, static_configs: [{{targets: ["127.0.0.1:{level}"]}}]}}]
"""
RULER = """
rule_files: [rules.yml]
alerting:
  alert_relabel_configs: [{{regex: replica, action: labeldrop}}]
  alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]
"""
TOCSIN = """
prometheus: {{url: "{prometheus}"}}
alertmanagers: [{{url: "{alertmanager}"}}]
rule_files: [rules.yml]
evaluation_interval: 1s
resend_delay: 3s
external_labels: {labels}
alert_relabel_configs: [{{regex: replica, action: labeldrop}}]
"""
HOOK = """
route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: "http://127.0.0.1:{port}/", send_resolved: true}}]}}]
"""
SAME = "{cluster: eu, replica: b}"
RESEND = 3  # seconds: an alert that is not repeated is over for Alertmanager after four of them


def listen(answer):
	"""The port of a server that answers every request with what answer(body) gives."""
	class Handler(http.server.BaseHTTPRequestHandler):
		def do_GET(self):
			text = answer(self.rfile.read(int(self.headers.get("Content-Length") or 0))).encode()
			self.send_response(200)
			self.send_header("Content-Type", "text/plain; version=0.0.4")
			self.send_header("Content-Length", str(len(text)))
			self.end_headers()
			self.wfile.write(text)
		do_POST = do_GET

		def log_message(self, *_):
			pass

	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	return server.server_address[1]


class Stage:
	"""A level that the test sets, who scrapes it, an Alertmanager, and what its receiver was told: (status, labels)."""

	def __init__(self, home, rules):
		self.home, self.level, self.heard = home, 20, []
		port = listen(lambda body: f"level {self.level}\n")
		self.alertmanager = Alertmanager(home, HOOK.format(port=listen(self.hear))).start()
		home.write("rules.yml", RULES)
		self.scrape = PROMETHEUS.format(level=port)
		ruler = RULER.format(alertmanager=self.alertmanager.port) if rules else ""
		self.prometheus = Prometheus(home, self.scrape + ruler, [f"--rules.alert.resend-delay={RESEND}s"]).start()

	def hear(self, body):
		self.heard += [(a["status"], a["labels"]) for a in json.loads(body)["alerts"]]
		return ""

	def tocsin(self, labels=SAME, name="tocsin"):
		text = TOCSIN.format(prometheus=self.prometheus.url, alertmanager=self.alertmanager.url, labels=labels)
		return Tocsin(self.home, ["-c", self.home.write(name + ".yml", text)], name=name).start()

	def wait_heard(self, count):
		wait_for(f"{count} notifications", lambda: len(self.heard) >= count)

	def expect(self, *wanted):
		got = [(status, labels.get("cluster"), labels.get("alertgroup")) for status, labels in self.heard]
		if got != list(wanted):
			raise AssertionError(f"the receiver heard {self.heard}")


def wait_firing(tocsin):
	wait_for("tocsin's alert fires", lambda: [a["state"] for a in tocsin.alerts()] == ["firing"])


def outlive(stage):
	"""Longer than what only the old engine told is kept."""
	time.sleep(4 * RESEND + 3)
	if len(stage.alertmanager.alerts()) != 1:
		raise AssertionError(f"Alertmanager has {stage.alertmanager.alerts()}")


def from_prometheus(home):
	stage = Stage(home, rules=True)
	stage.wait_heard(1)
	t = stage.tocsin()
	wait_firing(t)
	stage.home.write("prometheus.yml", stage.scrape)  # without the rules
	stage.prometheus.send(signal.SIGHUP)
	wait_for("Prometheus has no rules", lambda: not fetch_json(stage.prometheus.url + "/api/v1/rules")["data"]["groups"])
	outlive(stage)
	stage.expect(("firing", "eu", None))
	stage.level = 1
	stage.wait_heard(2)
	time.sleep(3)
	stage.expect(("firing", "eu", None), ("resolved", "eu", None))
	if t.stop() != 0:
		raise AssertionError(t.log())


def back_by_a_restart(home):
	"""A reload would tell that the alerts of removed rules are over, though Prometheus has them."""
	stage = Stage(home, rules=True)
	t = stage.tocsin()
	wait_firing(t)
	stage.wait_heard(1)
	t.stop()
	home.write("others.yml", RULES.replace("TooHigh", "Other").replace("> 10", "> 100"))
	text = TOCSIN.format(prometheus=stage.prometheus.url, alertmanager=stage.alertmanager.url, labels=SAME)
	others = Tocsin(home, ["-c", home.write("others-only.yml", text.replace("rules.yml", "others.yml"))], name="others").start()
	wait_for("the others are evaluated", lambda: {r["health"] for r in others.rules()} == {"ok"})
	outlive(stage)
	stage.expect(("firing", "eu", None))


def both_for_good(home):
	"""They may go on beside each other: an alert begins and ends once, also when it comes again."""
	stage = Stage(home, rules=True)
	t = stage.tocsin()
	for episode in range(2):
		stage.level = 20
		stage.wait_heard(2 * episode + 1)
		wait_firing(t)
		time.sleep(3)
		stage.level = 1
		stage.wait_heard(2 * episode + 2)
		time.sleep(3)
	stage.expect(*[("firing", "eu", None), ("resolved", "eu", None)] * 2)


def other_labels_notify_twice(home):
	stage = Stage(home, rules=True)
	stage.wait_heard(1)
	stage.tocsin(labels="{cluster: other}")
	stage.wait_heard(2)
	stage.expect(("firing", "eu", None), ("firing", "other", None))


def vmalert(stage, *flags):
	return Server(stage.home, "vmalert", [
		program("vmalert"), "-rule", os.path.join(stage.home.path, "rules.yml"), "-datasource.url", stage.prometheus.url, "-notifier.url",
		stage.alertmanager.url, "-evaluationInterval", "1s", f"-rule.resendDelay={RESEND}s", "-external.label=cluster=eu", "-httpListenAddr", "127.0.0.1:{port}", *flags]).start()


def from_vmalert(home):
	stage = Stage(home, rules=False)
	old = vmalert(stage, "-disableAlertgroupLabel")
	stage.wait_heard(1)
	wait_firing(stage.tocsin())
	old.stop()
	outlive(stage)
	stage.expect(("firing", "eu", None))
	stage.level = 1
	stage.wait_heard(2)
	time.sleep(3)
	stage.expect(("firing", "eu", None), ("resolved", "eu", None))


def vmalert_names_the_group(home):
	stage = Stage(home, rules=False)
	vmalert(stage)
	stage.wait_heard(1)
	stage.tocsin()
	stage.wait_heard(2)
	stage.expect(("firing", "eu", "moving"), ("firing", "eu", None))


TESTS = [from_prometheus, back_by_a_restart, both_for_good, other_labels_notify_twice, from_vmalert, vmalert_names_the_group]

if __name__ == "__main__":
	run(TESTS, Home)
