"""The same rule files over the same data in Prometheus' own ruler and in tocsin, each with an Alertmanager of its own: both APIs, both
Alertmanagers and all that these were told are compared field by field, while alerts go through their lives. TAP.

The data is in a Prometheus that only scrapes. The ruler reads it by remote read, so that what it records stays its own. tocsin evaluates
at multiples of the interval, the ruler at an offset of its own: the order of things and every text and value are compared exactly,
times by what they have to do with each other."""
import http.server
import json
import os
import sys
import threading
import time
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import Alertmanager, Home, Prometheus, Tocsin, fetch_json, wait_for
from tap import Shared, run

INTERVAL = 2
RULES = """
groups:
  - name: levels
    interval: 2s
    rules:
      - record: rec:sum
        expr: sum(level)
        labels: {made: here}
      - record: rec:by_x
        expr: max by (x) (level) * 2
      - alert: NoFor
        expr: level > 10
        labels:
          severity: '{{ if gt $value 15.0 }}page{{ else }}warn{{ end }}'
          team: core
        annotations:
          summary: '{{ $labels.x }} is {{ $value }} in {{ $externalLabels.cluster }}, {{ $value | humanize }}B'
      - alert: WithFor
        expr: level > 10
        for: 9s
        annotations:
          all: 'sum {{ with query "rec:sum" }}{{ . | first | value }}{{ end }},{{ range query "rec:by_x" | sortByLabel "x" }} {{ .Labels.x }}={{ .Value }}{{ end }}'
          empty: ''
      - alert: Kept
        expr: level > 10
        keep_firing_for: 7s
        annotations: {text: 'level {{ .Value }}'}
      - alert: KeptWithFor
        expr: level{x="a"} > 10
        for: 3s
        keep_firing_for: 3s
      - alert: FromRecorded
        expr: rec:sum{made="here"} > 30
        annotations: {text: 'sum {{ $value }}'}
      - alert: OnAlerts
        expr: count by (alertname) (ALERTS{alertname="WithFor",alertstate="firing"})
        labels: {alertstate: ''}
      - alert: SinceWhen
        expr: time() - ALERTS_FOR_STATE{alertname="WithFor"} > bool 1 == 1
        for: 2s
  - name: trouble
    interval: 2s
    rules:
      - alert: Gone
        expr: absent(blink{x="only"})
        for: 3s
        labels: {x: '{{ $labels.x }} gone'}
      - alert: TwoOfOne
        expr: level
        labels: {x: same}
      - alert: Broken
        expr: label_replace(level, "x", "one", "", "")
      - record: rec:broken
        expr: label_replace(level, "x", "one", "", "")
      - alert: BadLabel
        expr: blink == 1
        labels: {bad: '{{ $labels.x.y }}', nothing: '{{ $labels.nope }}'}
        annotations: {bad: '{{ query "sum(" }}', first: '{{ query "level > 1000" | first }}'}
  - name: slower
    interval: 3s
    limit: 5
    rules:
      - alert: Rate
        expr: rate(ticks_total[9s]) > bool 0.2 == 1
        for: 3s
      - alert: Slow
        expr: max_over_time(level{x="a"}[5s]) > bool 10 == 1
      - alert: Older
        expr: max_over_time(level[4s] offset 4s) > 10
        annotations: {text: '{{ printf "%.1f" $value }}'}
"""
DATA = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: x, static_configs: [{{targets: ["127.0.0.1:{port}"], labels: {{instance: i}}}}]}}]
"""
RULER = """
global: {{evaluation_interval: 2s, external_labels: {{cluster: eu, team: none}}}}
remote_read: [{{url: "{data}/api/v1/read", read_recent: true, filter_external_labels: false}}]
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]}}
"""
TOCSIN = """
prometheus: {{url: "{data}"}}
alertmanagers: ["{alertmanager}"]
evaluation_interval: 2s
resend_delay: 3s
external_labels: {{cluster: eu, team: none}}
external_url: http://prometheus.example/base
rule_files: [rules.yml]
"""
HOOK = """
route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: "http://127.0.0.1:{port}/", send_resolved: true}}]}}]
"""
RULE_FIELDS = ("name", "type", "query", "duration", "keepFiringFor", "labels", "annotations", "health", "lastError", "state")


def seconds_of(stamp):
	stamp = stamp.replace("Z", "+00:00")
	if "." in stamp:  # nanoseconds are more than Python takes
		head, rest = stamp.split(".", 1)
		stamp = f"{head}.{rest[:-6][:6].ljust(6, '0')}{rest[-6:]}"
	return datetime.fromisoformat(stamp).timestamp()


def key_of(labels):
	return json.dumps(labels, sort_keys=True)


def true(condition, what):
	if not condition:
		raise AssertionError(what)


def differences(ours, theirs, where=""):
	"""Every field that differs, as lines."""
	if isinstance(ours, dict) and isinstance(theirs, dict):
		return [line for key in sorted(set(ours) | set(theirs), key=str) for line in differences(ours.get(key), theirs.get(key), f"{where}/{key}")]
	return [] if ours == theirs else [f"{where}: tocsin {ours!r}, Prometheus {theirs!r}"]


def serve(answer):
	"""A server in a thread; `answer(body)` gives the text for each request. The port."""
	class Handler(http.server.BaseHTTPRequestHandler):
		def do_GET(self):
			body = answer(self.rfile.read(int(self.headers.get("Content-Length") or 0))).encode()
			self.send_response(200)
			self.send_header("Content-Type", "text/plain; version=0.0.4")
			self.send_header("Content-Length", str(len(body)))
			self.end_headers()
			self.wfile.write(body)

		do_POST = do_GET

		def log_message(self, *_):
			pass

	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	server.daemon_threads = True
	threading.Thread(target=server.serve_forever, daemon=True).start()
	return server.server_address[1]


class Exporter:
	"""Series whose values the tests set; None: it is not there."""

	def __init__(self, **values):
		self.values, self.scrapes, self.ticking = dict(values), 0, False
		self.port = serve(self.text)

	def text(self, _):
		self.scrapes += self.ticking
		lines = [f'{name}{{x="{x}"}} {value}' for (name, x), value in self.series() if value is not None]
		return "\n".join(lines + [f"ticks_total {self.scrapes}", ""])

	def series(self):
		return [((key[:-2], key[-1]) if key[-2] == "_" else (key, "only"), value) for key, value in self.values.items()]

	def set(self, **values):
		self.values = {**self.values, **values}


class Told:
	"""What an Alertmanager tells of the alerts: {labels: [(status, alert), …]}."""

	def __init__(self):
		self.alerts = {}
		self.port = serve(self.note)

	def note(self, body):
		for alert in json.loads(body)["alerts"]:
			self.alerts.setdefault(key_of(alert["labels"]), []).append(alert)
		return ""

	def words(self, labels):
		return [alert["status"] for alert in self.alerts.get(labels, [])]


class Side:
	"""A ruler and its Alertmanager."""

	def __init__(self, ruler, alertmanager, told):
		self.ruler, self.alertmanager, self.told = ruler, alertmanager, told
		self.history = {}  # (rule, labels): states it was seen in

	def groups(self):
		return fetch_json(self.ruler.url + "/api/v1/rules")["data"]["groups"]

	def view(self):
		"""{group/rule number: its fields and alerts}, without times."""
		view = {}
		for group in self.groups():
			view[group["name"]] = {"interval": group["interval"], "limit": group.get("limit", 0), "rules": len(group["rules"])}
			for number, rule in enumerate(group["rules"]):
				fields = {field: rule.get(field) for field in RULE_FIELDS}
				fields["keepFiringFor"] = fields["keepFiringFor"] or 0
				fields["labels"] = fields["labels"] or {}  # left out by older ones when there are none
				fields["alerts"] = {key_of(a["labels"]): alert_fields(a) for a in rule.get("alerts") or []}
				view[f"{group['name']}/{number}"] = fields
		return view

	def states(self):
		"""{(alert, x): (state, value)}"""
		return {(a["labels"]["alertname"], a["labels"].get("x")): (a["state"], float(a["value"])) for a in self.alerts()}

	def alerts(self):
		return fetch_json(self.ruler.url + "/api/v1/alerts")["data"]["alerts"]

	def held(self):
		"""What Alertmanager holds, without times."""
		return {key_of(a["labels"]): {"annotations": a["annotations"], "generatorURL": a["generatorURL"], "state": a["status"]["state"]}
				for a in self.alertmanager.alerts()}

	def watch(self):
		"""Takes down how alerts come, change and go."""
		now = {}
		for group in self.groups():
			for number, rule in enumerate(group["rules"]):
				for alert in rule.get("alerts") or []:
					now[(group["name"], number, rule["name"], key_of(alert["labels"]))] = alert_fields(alert)
		for key in set(now) | set(self.history):
			seen = self.history.setdefault(key, [])
			if (seen[-1] if seen else None) != now.get(key):
				seen.append(now.get(key))


def alert_fields(alert):
	return {"state": alert["state"], "value": float(alert["value"]), "annotations": alert["annotations"]}


class Stage:
	def __init__(self, home):
		self.exporter = Exporter(level_a=1, level_b=2, blink=1)
		self.data = Prometheus(home, DATA.format(port=self.exporter.port), name="data").start()
		home.write("rules.yml", RULES)
		told = [Told(), Told()]
		alertmanagers = [Alertmanager(home, HOOK.format(port=t.port), name=f"alertmanager-{i}").start() for i, t in enumerate(told)]
		config = home.write("tocsin.yml", TOCSIN.format(data=self.data.url, alertmanager=alertmanagers[0].url))
		wait_for("there is data", lambda: self.data.query("blink"))
		self.tocsin = Tocsin(home, ["--config", config]).start()
		self.ruler = Prometheus(home, RULER.format(data=self.data.url, alertmanager=alertmanagers[1].port), [
			"--rules.alert.resend-delay=3s", "--web.external-url=http://prometheus.example/base", "--web.route-prefix=/"], name="ruler").start()
		self.ours = Side(self.tocsin, alertmanagers[0], told[0])
		self.theirs = Side(self.ruler, alertmanagers[1], told[1])
		self.sides = (self.ours, self.theirs)
		self.steps = [time.time()]
		for side in self.sides:
			threading.Thread(target=self.watch, args=[side], daemon=True).start()

	@staticmethod
	def watch(side):
		while True:
			try:
				side.watch()
			except (OSError, KeyError, ValueError):
				pass  # the servers are on their way up or down
			time.sleep(0.2)

	def set(self, **values):
		self.steps.append(time.time())
		self.exporter.set(**values)

	def wait_states(self, wanted, names):
		"""Until both show exactly these of the alerts named, and agree on all the rest."""
		def reached():
			return all({k: v for k, v in side.states().items() if k[0] in names} == wanted for side in self.sides)
		try:
			wait_for(f"both show {wanted}", reached, 60)
		except TimeoutError as error:
			raise AssertionError(f"{error}\ntocsin {self.ours.states()}\nPrometheus {self.theirs.states()}") from None
		self.agree()

	def agree(self):
		"""Both APIs and both Alertmanagers show the same, once things have come to rest."""
		def apart():
			return differences(self.ours.view(), self.theirs.view()) + differences(self.ours.held(), self.theirs.held(), "Alertmanager")
		try:
			wait_for("both agree", lambda: not apart(), 40)
		except TimeoutError as error:
			raise AssertionError("\n".join([str(error)] + apart())) from None
		self.check_times()

	def check_times(self):
		"""Nothing began before the value that it is about was set; an episode starts when its `for` is over, on the group's own grid."""
		for side in self.sides:
			since = {(r["name"], key_of(a["labels"])): (seconds_of(a["activeAt"]), r, g) for g in side.groups() for r in g["rules"] for a in r.get("alerts") or []}
			held = {a["labels"]["alertname"] + key_of(without_external(a["labels"])): a for a in side.alertmanager.alerts()}
			for (name, labels), (active_at, rule, group) in since.items():
				true(self.steps[0] - 60 < active_at <= time.time(), f"{name}: activeAt {active_at}")
				alert = held.get(name + labels)
				if alert is None:
					continue
				waited = seconds_of(alert["startsAt"]) - active_at
				whole = waited / group["interval"]
				true(waited > rule["duration"] - 0.01 and abs(whole - round(whole)) < 0.01, f"{name}: startsAt is {waited} s after activeAt, for is {rule['duration']} s")
				true(seconds_of(alert["endsAt"]) > time.time(), f"{name}: endsAt is over")


def without_external(labels):
	return {name: value for name, value in labels.items() if name != "cluster" and (name, value) != ("team", "none")}


WATCHED = ("NoFor", "WithFor", "Kept", "KeptWithFor", "FromRecorded", "OnAlerts")


def both_begin_quietly(s):
	wait_for("all groups of both were evaluated", lambda: all(r["health"] != "unknown" for side in s.sides for g in side.groups() for r in g["rules"]), 60)
	s.wait_states({}, WATCHED)
	view = s.ours.view()
	for rule in ("trouble/1", "trouble/2", "trouble/3"):
		true(view[rule]["health"] == "err" and "same labelset" in view[rule]["lastError"], f"{rule}: {view[rule]}")
	bad = [a for a in s.ours.alerts() if a["labels"]["alertname"] == "BadLabel"]
	true(len(bad) == 1 and bad[0]["labels"]["bad"].startswith("<error expanding template: "), f"the label that fails: {bad}")


def pending_then_firing(s):
	s.set(level_a=12)
	s.wait_states({("NoFor", "a"): ("firing", 12), ("WithFor", "a"): ("firing", 12), ("Kept", "a"): ("firing", 12),
		("KeptWithFor", "a"): ("firing", 12), ("OnAlerts", None): ("firing", 1)}, WATCHED)


def a_second_element_and_recorded_inputs(s):
	s.set(level_b=19)
	s.wait_states({("NoFor", "a"): ("firing", 12), ("NoFor", "b"): ("firing", 19), ("WithFor", "a"): ("firing", 12), ("WithFor", "b"): ("firing", 19),
		("Kept", "a"): ("firing", 12), ("Kept", "b"): ("firing", 19), ("KeptWithFor", "a"): ("firing", 12), ("FromRecorded", None): ("firing", 31),
		("OnAlerts", None): ("firing", 2)}, WATCHED)
	texts = [a["annotations"]["all"] for a in s.ours.alerts() if a["labels"]["alertname"] == "WithFor"]
	true(texts == ["sum 31, a=24 b=38"] * 2, f"a template that queries recorded series: {texts}")


def a_label_that_hangs_on_the_value(s):
	"""Another label is another alert: the old one is over."""
	s.set(level_a=17)
	s.wait_states({("NoFor", "a"): ("firing", 17), ("NoFor", "b"): ("firing", 19), ("WithFor", "a"): ("firing", 17), ("WithFor", "b"): ("firing", 19),
		("Kept", "a"): ("firing", 17), ("Kept", "b"): ("firing", 19), ("KeptWithFor", "a"): ("firing", 17), ("FromRecorded", None): ("firing", 36),
		("OnAlerts", None): ("firing", 2)}, WATCHED)
	severities = sorted(a["labels"]["severity"] for a in s.ours.alerts() if a["labels"]["alertname"] == "NoFor")
	true(severities == ["page", "page"], f"severities: {severities}")


def resolved_and_kept(s):
	s.set(level_a=1)
	rest = {("NoFor", "b"): ("firing", 19), ("WithFor", "b"): ("firing", 19), ("Kept", "b"): ("firing", 19), ("OnAlerts", None): ("firing", 1)}
	wait_for("both keep the alert firing", lambda: all(("NoFor", "a") not in side.states() and side.states().get(("Kept", "a")) == ("firing", 17) for side in s.sides), 30)
	s.wait_states(rest, WATCHED)


def a_series_that_ends(s):
	s.set(level_b=None, blink=None)
	s.wait_states({("Gone", "only gone"): ("firing", 1)}, WATCHED + ("Gone",))


def pending_only(s):
	"""The alert is gone before its `for` is over: nobody is told."""
	before = [dict.fromkeys(side.told.alerts) for side in s.sides]
	s.set(level_a=12, blink=1)
	wanted = {("WithFor", "a"): ("pending", 12), ("TwoOfOne", "same"): ("firing", 12)}  # the other group has seen it, too
	wait_for("it is pending in both", lambda: all(wanted.items() <= side.states().items() for side in s.sides), 30, pause=0.05)
	s.set(level_a=1)
	s.wait_states({}, WATCHED + ("Gone",))
	for side, labels in zip(s.sides, before):
		new = [l for l in side.told.alerts if l not in labels and '"WithFor"' in l]
		true(not new, f"told of {new}")


def firing_anew(s):
	s.exporter.ticking = True
	s.set(level_a=13)
	s.wait_states({("NoFor", "a"): ("firing", 13), ("WithFor", "a"): ("firing", 13), ("Kept", "a"): ("firing", 13), ("KeptWithFor", "a"): ("firing", 13),
		("OnAlerts", None): ("firing", 1), ("Rate", None): ("firing", 1)}, WATCHED + ("Rate",))
	s.exporter.ticking = False
	s.set(level_a=1)
	s.wait_states({}, WATCHED + ("Rate",))


def alertmanagers_were_told_the_same(s):
	"""Of every alert: that it fires and that it is over, as often and in the same order, with the same texts."""
	def words(side):
		return {labels: side.told.words(labels) for labels in list(side.told.alerts)}

	def same():
		ours, theirs = words(s.ours), words(s.theirs)
		return ours == theirs and all(w[-1] == "resolved" for l, w in ours.items() if any(f'"{name}"' in l for name in WATCHED))
	try:
		wait_for("both Alertmanagers told the same", same, 30)
	except TimeoutError as error:
		raise AssertionError("\n".join([str(error)] + differences(words(s.ours), words(s.theirs)))) from None
	true(len(s.ours.told.alerts) >= 14, f"alerts: {list(s.ours.told.alerts)}")
	for labels, ours in s.ours.told.alerts.items():
		for number, (mine, its) in enumerate(zip(ours, s.theirs.told.alerts[labels])):
			got = differences({k: mine[k] for k in ("status", "labels", "generatorURL")}, {k: its[k] for k in ("status", "labels", "generatorURL")}, labels)
			true(not got, "\n".join(got))
			check_told(s, labels, number, mine, its)
	again = [labels for labels, told in s.ours.told.alerts.items() if len(told) >= 4]
	true(any('"WithFor"' in labels for labels in again), f"fired twice: {again}")


def check_told(s, labels, number, mine, its):
	"""An episode lasts whole intervals, here and there, and hardly longer here than there."""
	for name, alert in (("tocsin", mine), ("Prometheus", its)):
		if alert["status"] != "resolved":
			continue
		lasted = seconds_of(alert["endsAt"]) - seconds_of(alert["startsAt"])
		interval = 3 if any(f'"{rule}"' in labels for rule in ("Rate", "Slow", "Older")) else INTERVAL
		whole = lasted / interval
		true(lasted > 0 and abs(whole - round(whole)) < 0.01, f"{name}, {labels}, {number}: lasted {lasted} s")


def alerts_went_the_same_way(s):
	"""Every alert was seen in the same states, with the same values and texts, one after the other."""
	def story(side):
		return {f"{key[0]}/{key[2]} {key[3]}": [f"{f['state']} {f['value']:g} {f['annotations']}" if f else "gone" for f in seen]
				for key, seen in dict(side.history).items() if seen}
	try:
		wait_for("both tell the same story", lambda: story(s.ours) == story(s.theirs), 30)
	except TimeoutError as error:
		raise AssertionError("\n".join([str(error)] + differences(story(s.ours), story(s.theirs)))) from None
	ours = story(s.ours)
	states = {word.split()[0] for told in ours.values() for word in told}
	true(states == {"pending", "firing", "gone"}, f"states: {states}")
	print(f"# {len(ours)} alerts, {sum(len(told) for told in ours.values())} states")


TESTS = [both_begin_quietly, pending_then_firing, a_second_element_and_recorded_inputs, a_label_that_hangs_on_the_value, resolved_and_kept,
	a_series_that_ends, pending_only, firing_anew, alertmanagers_were_told_the_same, alerts_went_the_same_way]


def main():
	with Home() as home:
		stage = Stage(home)
		run(TESTS, Shared(stage), lambda s: s.tocsin.log())


main()
