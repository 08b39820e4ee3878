"""VictoriaMetrics as the data source: the built-in rules, evaluated here and by the server, go from quiet to firing to over; what tocsin computes
from its samples is what Prometheus has of the same targets; and prefixes in its URL. TAP."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from remote_write import VictoriaMetrics, equal
from servers import Alertmanager, Home, Load, ModelServer, Prometheus, Tocsin, binary, fetch_json, wait_for
from tap import Shared, run

MODELS = ["m-errors", "m-slow", "m-idle", "m-good"]
SCRAPE = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: models, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
PRESET = "generic?window=10s&zero_for=2s&error_for=4s&p95_for=4s"
EXPECTED = {"PredictionErrorRatioHigh": "m-errors", "PredictionLatencyP95High": "m-slow", "PredictionRateZero": "m-idle"}
EXPRESSIONS = [
	"sum by (model) (rate(predictions_total[10s]))",
	"increase(predictions_total[20s] offset 5s)",
	"histogram_quantile(0.95, sum by (model, le) (rate(prediction_latency_seconds_bucket[10s])))",
	"max_over_time(rate(predictions_total[5s])[10s:2s])",
	"count_over_time(up[10s])",
	"predictions_total @ {at} offset 3s",
]


class Stage:
	def __init__(self, home):
		self.home = home
		self.model_server = ModelServer(home, MODELS).start()
		scrape = SCRAPE.format(port=self.model_server.port)
		self.database = VictoriaMetrics(home, scrape).start()
		self.prometheus = Prometheus(home, scrape).start()
		self.loads = {model: Load(home, self.model_server, [model], rate=15, name="load-" + model).start() for model in MODELS}
		wait_for("samples of half a minute", lambda: len(fetch_json(
			self.database.url + "/api/v1/query?query=predictions_total%20offset%2030s")["data"]["result"]) == len(MODELS), 60)


def go_through(s, name, *flags):
	alertmanager = Alertmanager(s.home, name="alertmanager-" + name).start()
	t = Tocsin(s.home, ["--prometheus", s.database.url + "/prometheus", "--alertmanager", alertmanager.url, "--interval", "1s",
						"--resend-delay", "3s", "--preset", PRESET, *flags], name=name).start()
	told = lambda: {a["labels"]["alertname"]: a["labels"].get("model") for a in alertmanager.alerts()}
	try:
		wait_for("rules are evaluated", lambda: {r["health"] for r in t.rules()} == {"ok"})
		wait_for("all is quiet", lambda: not t.alerts() and not told(), 60)
		s.model_server.fault("m-errors", "errors")
		s.model_server.fault("m-slow", "slow")
		s.loads["m-idle"].stop()
		wait_for("all three fire", lambda: told() == EXPECTED, 60)
		equal("who evaluates", {r["evaluation"] for r in t.rules()}, {"remote" if flags else "local"})
		s.model_server.fault("m-errors", "none")
		s.model_server.fault("m-slow", "none")
		s.loads["m-idle"].start()
		wait_for("all three are over", lambda: not told(), 60)
		equal("failures", t.metric("prometheus_rule_evaluation_failures_total"), 0)
		equal("exit code", t.stop(), 0)
	finally:
		t.stop()
		alertmanager.stop()


def presets_evaluated_here(s):
	go_through(s, "here")


def presets_evaluated_there(s):
	go_through(s, "there", "--evaluation", "remote")


def samples_at(s, server, text, at):
	done = subprocess.run([binary(), "query", "--json", "--eval", "local", "--prometheus", server.url, "--time", str(at), text],
						  capture_output=True, text=True)
	if done.returncode != 0:
		raise AssertionError(f"{text}: {done.stderr}")
	return done.stdout


def every_expression_has_a_value(s):
	"""Targets are scraped at moments of their own by each, so only what does not depend on them is compared with Prometheus."""
	at = int(time.time()) - 3
	for text in EXPRESSIONS:
		text = text.format(at=at)
		here, there = (samples_at(s, server, text, at).count('"metric"') for server in (s.database, s.prometheus))
		if here != there or here == 0:
			raise AssertionError(f"{text}: {here} series from VictoriaMetrics, {there} from Prometheus")


TESTS = [every_expression_has_a_value, presets_evaluated_here, presets_evaluated_there]

if __name__ == "__main__":
	with Home() as home:
		run(TESTS, Shared(Stage(home)))
