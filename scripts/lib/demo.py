"""Breaks a model server in three ways and mends it, and prints what Alertmanager holds meanwhile."""
import signal
import sys
import time

from servers import Alertmanager, Home, Load, ModelServer, Prometheus, Tocsin, wait_for

MODELS = ["iris", "iris-canary", "iris-batch"]
PROMETHEUS_CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: models, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
# Short windows, so that it can be watched; the defaults look back five minutes.
TOCSIN_CONFIG = """
prometheus: {{url: "{prometheus}"}}
alertmanagers: [{{url: "{alertmanager}"}}]
evaluation_interval: 1s
external_labels: {{cluster: demo}}
presets:
  - name: generic
    parameters: {{window: 8s, zero_for: 1s, error_for: 3s, p95_for: 3s}}
"""


class Timeline:
	"""Prints each alert when it comes, changes and goes."""

	def __init__(self, alertmanager, tocsin):
		self.alertmanager, self.tocsin = alertmanager, tocsin
		self.began = time.monotonic()
		self.known = {}
		self.colour = sys.stdout.isatty()

	def say(self, word, text, colour="0"):
		word = f"{word:<9}"
		if self.colour:
			word = f"\x1b[{colour}m{word}\x1b[0m"
		print(f"{time.monotonic() - self.began:6.1f}s  {word} {text}", flush=True)

	def look(self):
		now = {}
		for alert in self.tocsin.alerts():
			name = name_of(alert)
			if alert["state"] == "pending":
				now[name] = ("pending", alert)
			elif name in self.known:  # it fires, and may be on its way to Alertmanager
				now[name] = self.known[name]
		for alert in self.alertmanager.alerts():
			now[name_of(alert)] = ("firing", alert)
		for name, (state, alert) in now.items():
			if self.known.get(name, ("",))[0] != state:
				colour = "33" if state == "pending" else "31;1"
				self.say(state.upper(), f"{name}  [{alert['labels']['severity']}] {alert['annotations']['summary']}", colour)
		for name, (state, alert) in self.known.items():
			if name not in now:
				self.say("RESOLVED" if state == "firing" else "INACTIVE", name, "32")
		self.known = now

	def wait(self, what, state, alertname, model, seconds=45):
		def there():
			self.look()
			return (self.known.get(f"{alertname} model={model}", ("gone",))[0]) == state
		wait_for(f"{alertname} of {model} is {state}", there, seconds, pause=0.2)

	def pass_time(self, seconds):
		end = time.monotonic() + seconds
		while time.monotonic() < end:
			self.look()
			time.sleep(0.2)


def name_of(alert):
	return f"{alert['labels']['alertname']} model={alert['labels'].get('model', '-')}"


def scenes(timeline, model_server, loads):
	"""The three faults: how each is made, which alert it is, how it is mended."""
	def stop_load():
		loads["iris-batch"].stop()
	return [
		("40 % of the predictions of iris fail", lambda: model_server.fault("iris", "errors"),
		 "PredictionErrorRatioHigh", "iris", lambda: model_server.fault("iris", "none")),
		("iris-canary takes 0.6 to 0.9 s for a prediction", lambda: model_server.fault("iris-canary", "slow"),
		 "PredictionLatencyP95High", "iris-canary", lambda: model_server.fault("iris-canary", "none")),
		("nobody asks iris-batch for predictions any more", stop_load,
		 "PredictionRateZero", "iris-batch", lambda: loads["iris-batch"].start()),
	]


def show(home):
	model_server = ModelServer(home, MODELS).start()
	prometheus = Prometheus(home, PROMETHEUS_CONFIG.format(port=model_server.port)).start()
	alertmanager = Alertmanager(home).start()
	loads = {model: Load(home, model_server, [model], name="load-" + model).start() for model in MODELS}
	config = home.write("tocsin.yml", TOCSIN_CONFIG.format(prometheus=prometheus.url, alertmanager=alertmanager.url))
	tocsin = Tocsin(home, ["--config", config]).start()
	timeline = Timeline(alertmanager, tocsin)
	timeline.say("START", f"model server {model_server.url}, Prometheus {prometheus.url}, "
						  f"Alertmanager {alertmanager.url}, tocsin {tocsin.url}", "36")
	wait_for("Prometheus has data", lambda: prometheus.query('rate(predictions_total{model="iris"}[8s]) > 0'))
	timeline.pass_time(10)
	if timeline.known:
		timeline.say("HM", "an alert before anything broke")
	for what, break_it, alertname, model, mend_it in scenes(timeline, model_server, loads):
		timeline.say("BREAK", what, "35")
		break_it()
		timeline.wait(what, "firing", alertname, model)
		timeline.pass_time(3)
		timeline.say("MEND", model, "36")
		mend_it()
		timeline.wait(what, "gone", alertname, model)
	resident, peak = tocsin.memory_kib()
	timeline.say("END", f"three alerts fired and resolved; tocsin used {tocsin.cpu_seconds():.2f} s of CPU and {resident / 1024:.1f} MB ({peak / 1024:.1f} MB while starting)", "36")


def main():
	for number in (signal.SIGTERM, signal.SIGHUP):
		signal.signal(number, lambda *_: sys.exit(1))
	with Home() as home:
		try:
			show(home)
		except KeyboardInterrupt:
			print("\nstopped; ending the servers", file=sys.stderr)
			sys.exit(130)
		except (TimeoutError, RuntimeError) as error:
			print(f"the demo failed: {error}", file=sys.stderr)
			for server in home.running:
				if server.name == "tocsin":
					print(server.log()[-3000:], file=sys.stderr)
			sys.exit(1)


if __name__ == "__main__":
	main()
