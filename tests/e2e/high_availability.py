"""Two engines, a cluster of three Alertmanagers, one Prometheus: each of them is killed, frozen or cut off in turn while one alert
begins and another one ends, and then comes back. Every alert is notified as firing once and as resolved once. TAP.

What a cluster of Alertmanagers gets wrong by itself is kept out. A member looks at its alerts, waits for those before it, and only then at what
they have notified. So
- an alert that it still holds, or saw at the beginning of its wait, is notified anew though the others have just notified its end. No alert ends
  while a member hears nothing from the engines; and the members look at the same moments (all are reloaded at once before each test), between
  which alerts end.
- the first one does not wait. It is not the one that is frozen: going on, it might notify before it has read what the others did meanwhile.
- one that hears of an alert late notifies it at once, even while the word that another one has just done so is on its way to it. It hears
  of nothing before that word is there.
- when one is gone the others move up, and two that do not know it at the same time wait equally long. Nothing changes before all know it.
"""
import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Alertmanager, Home, Prometheus, Tocsin, serve, wait_for
from tap import Shared, run
from wire import OPEN, REFUSING, SILENT, Wires

PROMETHEUS_CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: signals, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
RULES = """
groups: [{name: g, rules: [{alert: Signal, expr: max by (x) (signal) > 0}]}]
"""
RESEND_SECONDS = 7  # four times as long Alertmanager takes an alert for firing: longer than any cut, on a busy machine too
TOCSIN_CONFIG = """
prometheus: {{url: "{prometheus}", timeout: 2s}}
alertmanagers: {alertmanagers}
evaluation_interval: 1s
query_offset: 500ms
resend_delay: {resend}s
rule_files: [rules.yml]
"""
PEER_TIMEOUT = 2  # the last of three waits twice as long, which must be less than an interval
GROUP_INTERVAL = 5
ALERTMANAGER_CONFIG = """
route: {{receiver: test, group_by: ['...'], group_wait: 1s, group_interval: {interval}s, repeat_interval: 1h}}
receivers: [{{name: test, webhook_configs: [{{url: "http://127.0.0.1:{port}/", send_resolved: true}}]}}]
"""
# A member counts with the one what gossip tells it of notifications, unless it was told already by what the other one counts.
NOTIFIED_BY_OTHERS = "alertmanager_nflog_gossip_messages_propagated_total"
MEETINGS = 'alertmanager_cluster_messages_received_total{msg_type="full_state"}'  # a member told another all that it has notified
QUIET_SECONDS = 2  # after everything is back: time for what should not come


class Signals:
	"""What Prometheus scrapes: signal{x="…"}, 1 where an alert is to fire."""

	def __init__(self):
		self.values = {}
		signals = self

		class Handler(BaseHTTPRequestHandler):
			def do_GET(self):
				text = "".join(f'signal{{x="{x}"}} {v}\n' for x, v in list(signals.values.items()))
				self.send_response(200)
				self.send_header("Content-Type", "text/plain; version=0.0.4")
				self.end_headers()
				self.wfile.write(text.encode())

			def log_message(self, *_):
				pass
		self.port = serve(Handler)


class Receiver:
	"""All notifications, as they come: (x, "firing" or "resolved")."""

	def __init__(self):
		self.got = []
		receiver = self

		class Handler(BaseHTTPRequestHandler):
			def do_POST(self):
				message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
				for alert in message["alerts"]:
					receiver.got.append((alert["labels"]["x"], alert["status"]))
				self.send_response(200)
				self.end_headers()

			def log_message(self, *_):
				pass
		self.port = serve(Handler)


class Stage:
	def __init__(self, home):
		self.home = home
		self.signals, self.receiver, wires = Signals(), Receiver(), Wires()
		self.prometheus = Prometheus(home, PROMETHEUS_CONFIG.format(port=self.signals.port)).start()
		config = ALERTMANAGER_CONFIG.format(interval=GROUP_INTERVAL, port=self.receiver.port)
		self.alertmanagers = [a.start() for a in Alertmanager.make_cluster(home, 3, config, PEER_TIMEOUT)]
		wait_for("the cluster is complete", lambda: all(len(a.cluster()[1]) == 3 for a in self.alertmanagers))
		home.write("rules.yml", RULES)
		self.engines = []
		for name in ("a", "b"):
			prometheus = wires.lead_to(self.prometheus.port)
			to_alertmanagers = [wires.lead_to(a.port) for a in self.alertmanagers]
			file = home.write(f"tocsin-{name}.yml", TOCSIN_CONFIG.format(
				prometheus=prometheus.url, resend=RESEND_SECONDS,
				alertmanagers=json.dumps([{"url": w.url, "timeout": "2s"} for w in to_alertmanagers])))
			engine = Tocsin(home, ["--config", file], name=f"tocsin-{name}").start()
			engine.to_prometheus, engine.to_alertmanagers = prometheus, to_alertmanagers
			self.engines.append(engine)
		self.serial, self.ended, self.told, self.ticks_from = 0, [], set(), None
		self.begin("steady")
		self.wait_notified("steady", "firing")
		self.current = self.begin_next()
		self.wait_notified(self.current, "firing")
		self.settle()

	def log(self):
		lines = [f"notified: {self.receiver.got}"]
		for engine in self.engines:
			lines.append(f"{engine.name}: " + engine.log()[-1500:])
		return "\n".join(lines)

	# ---- alerts ----

	def begin(self, x):
		self.signals.values[x] = 1

	def begin_next(self):
		self.serial += 1
		x = f"alert-{self.serial}"
		self.begin(x)
		return x

	def end(self, x):
		self.signals.values[x] = 0
		self.ended.append(x)

	def count(self, x, status):
		return self.receiver.got.count((x, status))

	def wait_notified(self, x, status):
		wait_for(f"{x} is notified as {status}", lambda: self.count(x, status), 40)

	def change(self):
		"""One begins, another one ends; gives both."""
		over, self.current = self.current, self.begin_next()
		self.end(over)
		return self.current, over

	def wait_change(self, change):
		began, over = change
		self.wait_notified(began, "firing")
		self.wait_notified(over, "resolved")

	# ---- the cluster ----

	def align(self):
		"""All members look at their alerts at the same moments from now on."""
		for a in self.alertmanagers:
			a.send(signal.SIGHUP)
		self.ticks_from = time.monotonic()

	def between_ticks(self):
		"""Alerts that begin or end now reach the members before they look next."""
		past = (time.monotonic() - self.ticks_from) % GROUP_INTERVAL
		time.sleep((0.7 - past) % GROUP_INTERVAL)

	def in_order(self):
		"""The members in the order in which they notify."""
		names = {a.cluster()[0]: a for a in self.alertmanagers}
		order = self.alertmanagers[0].cluster()[1]
		return [names[name] for name in order]

	# ---- the state of things ----

	def firing(self):
		return sorted(x for x, value in self.signals.values.items() if value)

	def is_settled(self):
		want = self.firing()
		for engine in self.engines:
			active = sorted(a["labels"]["x"] for a in engine.alerts() if a["state"] == "firing")
			if active != want or engine.metric("prometheus_notifications_queue_length") > 0:
				return False
			if any(rule["health"] != "ok" for rule in engine.rules()):
				return False
		for a in self.alertmanagers:
			if sorted(x["labels"]["x"] for x in a.alerts()) != want or len(a.cluster()[1]) != 3:
				return False
		return True

	def settle(self):
		"""All are back and agree; then the members are put in step for the next test."""
		wait_for("all know all", self.is_settled, 40)
		time.sleep(QUIET_SECONDS)
		self.check()
		self.align()
		self.between_ticks()

	def check(self):
		"""What is wrong is told once, not by all tests that follow."""
		wrong = {f"{x} {status}: {self.count(x, status)} times" for x in self.signals.values for status in ("firing", "resolved")
				 if self.count(x, status) != (status == "firing" or x in self.ended)} - self.told
		self.told |= wrong
		if wrong:
			raise AssertionError("; ".join(sorted(wrong)))


def engine_killed(s):
	s.engines[0].kill()
	s.wait_change(s.change())
	s.engines[0].start()
	s.settle()


def engine_frozen(s):
	s.engines[1].send(signal.SIGSTOP)
	s.wait_change(s.change())
	s.engines[1].send(signal.SIGCONT)
	s.settle()


def engine_cut_off_from_prometheus(s):
	"""Long enough for it to repeat, twice, what it still takes to be firing."""
	s.engines[1].to_prometheus.set(REFUSING)
	s.wait_change(s.change())
	time.sleep(2 * RESEND_SECONDS)
	s.check()
	s.engines[1].to_prometheus.set(OPEN)
	s.settle()


def engine_cut_off_from_everything(s):
	"""It hears of Alertmanager first, and of Prometheus long after."""
	engine = s.engines[0]
	for wire in [engine.to_prometheus, *engine.to_alertmanagers]:
		wire.set(SILENT)
	s.wait_change(s.change())
	for wire in engine.to_alertmanagers:
		wire.set(OPEN)
	time.sleep(RESEND_SECONDS + 4)
	s.check()
	engine.to_prometheus.set(OPEN)
	s.settle()


def kill_first_alertmanager(s):
	first, *others = s.in_order()
	first.kill()
	wait_for("the others miss it", lambda: all(len(a.cluster()[1]) == 2 for a in others))
	s.wait_change(s.change())
	first.start()
	s.settle()


def alertmanager_killed(s):
	kill_first_alertmanager(s)


def next_alertmanager_killed(s):
	"""The one before has come back as the last."""
	kill_first_alertmanager(s)


def last_alertmanager_killed(s):
	kill_first_alertmanager(s)


def begin_without(s, back):
	began = s.begin_next()
	s.wait_notified(began, "firing")
	back()
	s.settle()
	over, s.current = s.current, began
	s.end(over)
	s.wait_notified(over, "resolved")
	s.settle()


def alertmanager_frozen(s):
	victim = s.in_order()[1]
	victim.send(signal.SIGSTOP)
	begin_without(s, lambda: victim.send(signal.SIGCONT))


def alertmanager_cut_off(s):
	victim = s.in_order()[0]
	index = s.alertmanagers.index(victim)
	wires = [engine.to_alertmanagers[index] for engine in s.engines]
	for wire in wires:
		wire.set(SILENT)
	known = victim.metric(NOTIFIED_BY_OTHERS)

	def back():
		met = victim.metric(MEETINGS)
		wait_for("it knows what another one has notified",
				 lambda: victim.metric(NOTIFIED_BY_OTHERS) > known or victim.metric(MEETINGS) >= met + 4)  # one or two may be under way
		for wire in wires:
			wire.set(OPEN)
	begin_without(s, back)


def prometheus_killed(s):
	"""Nobody sees what begins and ends meanwhile; nothing ends for that."""
	s.prometheus.kill()
	change = s.change()
	time.sleep(RESEND_SECONDS + 3)
	s.prometheus.start()
	s.wait_change(change)
	s.settle()


def prometheus_frozen(s):
	s.prometheus.send(signal.SIGSTOP)
	change = s.change()
	time.sleep(RESEND_SECONDS + 3)
	s.prometheus.send(signal.SIGCONT)
	s.wait_change(change)
	s.settle()


def everything_ends(s):
	for x in (s.current, "steady"):
		if s.count(x, "resolved"):
			raise AssertionError(f"{x} was resolved while it fired")
		s.end(x)
	for x in (s.current, "steady"):
		s.wait_notified(x, "resolved")
	time.sleep(GROUP_INTERVAL + 2 * PEER_TIMEOUT)
	s.check()
	for engine in s.engines:
		if engine.stop() != 0:
			raise AssertionError(engine.name + " ended badly:\n" + engine.log()[-3000:])


TESTS = [engine_killed, engine_frozen, engine_cut_off_from_prometheus, engine_cut_off_from_everything, alertmanager_killed,
		 next_alertmanager_killed, last_alertmanager_killed, alertmanager_frozen, alertmanager_cut_off, prometheus_killed,
		 prometheus_frozen, everything_ends]


def main():
	with Home(keep="--keep" in sys.argv) as home:
		run(TESTS, Shared(Stage(home)), Stage.log)


if __name__ == "__main__":
	main()
