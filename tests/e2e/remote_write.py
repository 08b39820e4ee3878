"""What rules put out, written to a real Prometheus and a real VictoriaMetrics, and `for` that goes on after a restart. TAP.

The order check of the alert lifecycle, shortened: Rule2 looks at the ALERTS of Rule1 and must fire in the very evaluation in which
Rule1 does, whether tocsin evaluates it from memory or the database that was written to."""
import http.server
import os
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Alertmanager, Home, Prometheus, Server, Tocsin, fetch_json, program, wait_for
from tap import run

SCRAPE = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: x, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
RULES = """
groups:
- name: order
  interval: 1s
  rules:
  - {record: "rec:x", expr: "sum(x) * 2", labels: {made: here}}
  - {alert: Rule1, expr: "x > 10", for: 3s, labels: {foo: bar}}
  - {alert: Rule2, expr: "ALERTS{alertname='Rule1', alertstate='firing'} == 1", labels: {foo: baz}}
- name: later
  interval: 1s
  rules:
  - {alert: Rule3, expr: "rec:x > 20"}
"""
SLOW = """
groups:
- name: slow
  interval: 1s
  rules:
  - {alert: Slow, expr: "x > 10", for: 20s}
"""


class Value:
	"""A metric x whose value the test sets."""

	def __init__(self):
		self.value = 1

		class Handler(http.server.BaseHTTPRequestHandler):
			def do_GET(handler):
				body = f"x {self.value}\n".encode()
				handler.send_response(200)
				handler.send_header("Content-Type", "text/plain; version=0.0.4")
				handler.send_header("Content-Length", str(len(body)))
				handler.end_headers()
				handler.wfile.write(body)

			def log_message(handler, *_):
				pass

		self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		self.port = self.server.server_address[1]
		threading.Thread(target=self.server.serve_forever, daemon=True).start()


class VictoriaMetrics(Server):
	ready_path = "/health"

	def __init__(self, home, scrape, name="victoria-metrics"):
		file = home.write(name + ".yml", scrape)
		super().__init__(home, name, [
			program("victoria-metrics"), "-storageDataPath", os.path.join(home.path, name + "-data"),
			"-httpListenAddr=127.0.0.1:{port}", "-promscrape.config", file, "-search.latencyOffset=0s",
			"-search.disableCache", "-memory.allowedBytes=256MB"])


def samples(db, selector, seconds=120):
	"""{labels as sorted pairs: [(time, value)]} of the last seconds, as they are stored, without markers."""
	body = urllib.parse.urlencode({"query": f"{selector}[{seconds}s]", "time": f"{time.time():.3f}"})
	answer = fetch_json(db.url + "/api/v1/query", body=body)
	# VictoriaMetrics shows markers, as NaN.
	return {tuple(sorted(s["metric"].items())): [(float(t), float(v)) for t, v in s["values"] if v != "NaN"]
			for s in answer["data"]["result"]}


def at(db, expr, when):
	body = urllib.parse.urlencode({"query": expr, "time": f"{when:.3f}"})
	return [s["metric"] for s in fetch_json(db.url + "/api/v1/query", body=body)["data"]["result"]]


def equal(what, got, wanted):
	if got != wanted:
		raise AssertionError(f"{what}: got {got!r}, expected {wanted!r}")


def of_alert(series, name, state):
	found = [v for k, v in series.items() if ("alertname", name) in k and ("alertstate", state) in k]
	return found[0] if found else []


def start_tocsin(home, db, alertmanager, name, rules, *flags):
	file = home.write(name + "-rules.yml", rules)
	return Tocsin(home, ["--prometheus", db.url, "--alertmanager", alertmanager.url, "--rules", file, "--resend-delay", "3s",
						 "--remote-write", db.url + "/api/v1/write", *flags], name=name).start()


def firing(alertmanager):
	return {a["labels"]["alertname"]: a for a in alertmanager.alerts()}


def check_order(db, markers):
	"""From a database in which Rule1 went pending, firing and away."""
	alerts = samples(db, "ALERTS")
	pending, fired = of_alert(alerts, "Rule1", "pending"), of_alert(alerts, "Rule1", "firing")
	equal("the evaluations before Rule1 fires", [round(fired[0][0] - t, 3) for t, _ in pending[-3:]], [3, 2, 1])
	equal("Rule2 fires in the same evaluation", of_alert(alerts, "Rule2", "firing")[0][0], fired[0][0])
	equal("all values are 1", {v for points in alerts.values() for _, v in points}, {1.0})
	since = {v for points in samples(db, "ALERTS_FOR_STATE").values() for _, v in points}
	if int(pending[-3][0]) not in since:
		raise AssertionError(f"ALERTS_FOR_STATE has {since}, not {pending[-3][0]}")
	recorded = samples(db, 'rec:x{made="here"}')
	equal("recorded series", len(recorded), 1)
	equal("recorded values", {v for _, v in next(iter(recorded.values()))}, {2.0, 30.0})
	if markers:
		equal("the old state is over when the new one begins", [m["alertstate"] for m in at(db, 'ALERTS{alertname="Rule1"}', fired[0][0])],
			  ["firing"])
		equal("the alert is over one evaluation after its last", at(db, 'ALERTS{alertname="Rule1"}', fired[-1][0] + 1), [])


def follow_order(home, db, value, name, *flags, markers=True):
	alertmanager = Alertmanager(home, name="alertmanager-" + name).start()
	t = start_tocsin(home, db, alertmanager, name, RULES, *flags)
	try:
		wait_for("x is recorded", lambda: samples(db, "rec:x"))
		value.value = 15
		wait_for("all fire", lambda: set(firing(alertmanager)) == {"Rule1", "Rule2", "Rule3"})
		sent = firing(alertmanager)
		equal("startsAt of Rule2", sent["Rule2"]["startsAt"], sent["Rule1"]["startsAt"])
		time.sleep(2)
		value.value = 1
		wait_for("all are over", lambda: not firing(alertmanager))
		wait_for("the end is written", lambda: not at(db, "ALERTS", time.time()))
		check_order(db, markers)
		equal("failures", t.metric("prometheus_rule_evaluation_failures_total"), 0)
		equal("samples given up", t.metric("prometheus_remote_storage_samples_failed_total"), 0)
		equal("exit code", t.stop(), 0)
	finally:
		t.stop()
		alertmanager.stop()


def prometheus_server(home, value, name):
	return Prometheus(home, SCRAPE.format(port=value.port), ["--web.enable-remote-write-receiver"], name=name).start()


def order_from_memory(home):
	value = Value()
	follow_order(home, prometheus_server(home, value, "prometheus-memory"), value, "memory", "--evaluation", "local")


def order_from_the_database(home):
	value = Value()
	db = prometheus_server(home, value, "prometheus-remote")
	follow_order(home, db, value, "remote", "--evaluation", "remote")


def order_with_victoria_metrics(home):
	value = Value()
	db = VictoriaMetrics(home, SCRAPE.format(port=value.port)).start()
	# Its own lookback and rounding of query times are not Prometheus'; what is stored is compared all the same.
	follow_order(home, db, value, "victoria", markers=False)


def for_goes_on(home):
	value = Value()
	db = prometheus_server(home, value, "prometheus-restart")
	alertmanager = Alertmanager(home, name="alertmanager-restart").start()
	flags = ["--for-grace-period", "3s"]
	value.value = 15
	t = start_tocsin(home, db, alertmanager, "restart", SLOW, *flags)
	began = wait_for("pending", lambda: of_alert(samples(db, "ALERTS"), "Slow", "pending"))[0][0]
	wait_for("half of `for` is over", lambda: time.time() > began + 10)
	t.kill()
	down = samples(db, "ALERTS_FOR_STATE")
	last = max(p[-1][0] for p in down.values())
	time.sleep(4)
	t = start_tocsin(home, db, alertmanager, "restart-again", SLOW, *flags)
	alert = wait_for("fires", lambda: firing(alertmanager).get("Slow"), seconds=30)
	fired = of_alert(samples(db, "ALERTS"), "Slow", "firing")[0][0]
	# What was left of `for` at the last word runs on from the restoration: the outage, 4 s and the time of the start, does not count.
	# Seconds are whole in the database.
	restored_late = fired - (20 - (last - began))
	if not last + 4 <= restored_late <= last + 15:
		raise AssertionError(f"began {began}, away from {last} on, fired {fired}")
	if "pending alerts that go on where they were: 1" not in t.log():
		raise AssertionError(t.log())
	equal("the alert", alert["labels"], {"alertname": "Slow", "instance": f"127.0.0.1:{value.port}", "job": "x"})
	t.stop()


def database_away(home):
	"""Asked is one Prometheus, written to another, which goes away: nothing is lost, the order stays."""
	value = Value()
	source = prometheus_server(home, value, "prometheus-source")
	db = prometheus_server(home, value, "prometheus-target")
	alertmanager = Alertmanager(home, name="alertmanager-away").start()
	file = home.write("away-rules.yml", RULES)
	t = Tocsin(home, ["--prometheus", source.url, "--alertmanager", alertmanager.url, "--rules", file,
					  "--remote-write", db.url + "/api/v1/write"], name="away").start()
	wait_for("it is written", lambda: samples(db, "rec:x"))
	db.stop()
	wait_for("samples wait", lambda: t.metric("prometheus_remote_storage_samples_pending") > 4)
	db.start()
	wait_for("all is written", lambda: t.metric("prometheus_remote_storage_samples_pending") == 0, seconds=60)
	times = [at for at, _ in next(iter(samples(db, "rec:x").values()))]
	gaps = {round(b - a, 3) for a, b in zip(times, times[1:])}
	equal("seconds between samples", gaps, {1.0})
	equal("given up", t.metric("prometheus_remote_storage_samples_failed_total"), 0)
	t.stop()


TESTS = [order_from_memory, order_from_the_database, order_with_victoria_metrics, for_goes_on, database_away]

if __name__ == "__main__":
	run(TESTS, Home)
