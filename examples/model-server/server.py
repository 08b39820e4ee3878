#!/usr/bin/env python3
"""A small model server: iris species from four lengths, with the metrics that tocsin's built-in rules read.

POST /v1/models/NAME:predict {"instances": [[5.1, 3.5, 1.4, 0.2], ...]}  ->  {"predictions": ["setosa", ...]}
GET  /metrics       for Prometheus
POST /fault?mode=   none | errors | slow   and  model=NAME: breaks one model, to try alerts with
"""
import argparse
import json
import math
import random
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

PREDICTIONS = Counter("predictions_total", "Predictions asked for, failed ones included", ["model"])
ERRORS = Counter("prediction_errors_total", "Predictions that failed", ["model"])
LATENCY = Histogram("prediction_latency_seconds", "Time of one prediction request", ["model"],
					buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5))

# Mean and standard deviation of sepal length, sepal width, petal length and petal width (cm) by species, after Fisher 1936.
SPECIES = {
	"setosa": ((5.006, 0.352), (3.428, 0.379), (1.462, 0.174), (0.246, 0.105)),
	"versicolor": ((5.936, 0.516), (2.770, 0.314), (4.260, 0.470), (1.326, 0.198)),
	"virginica": ((6.588, 0.636), (2.974, 0.322), (5.552, 0.552), (2.026, 0.275)),
}


def log_likelihood(species, lengths):
	"""Gaussian naive Bayes: each length is independent of the others given the species."""
	return sum(-math.log(deviation) - (x - mean) ** 2 / (2 * deviation ** 2)
			   for x, (mean, deviation) in zip(lengths, SPECIES[species]))


def classify(lengths):
	if len(lengths) != 4 or not all(isinstance(x, (int, float)) and math.isfinite(x) for x in lengths):
		raise ValueError("an instance is four numbers")
	return max(SPECIES, key=lambda species: log_likelihood(species, lengths))


class ModelServer(ThreadingHTTPServer):
	daemon_threads = True

	def __init__(self, address, models):
		super().__init__(address, Handler)
		self.faults = {name: "none" for name in models}
		for name in models:  # born at 0, so that the first failure is a rise that rate() sees
			PREDICTIONS.labels(name), ERRORS.labels(name), LATENCY.labels(name)

	def predict(self, name, instances):
		fault = self.faults[name]
		if fault == "slow":
			time.sleep(random.uniform(0.6, 0.9))
		if fault == "errors" and random.random() < 0.4:
			raise RuntimeError("the model's weights are not readable")
		return [classify(instance) for instance in instances]


class Handler(BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def log_message(self, *args):
		pass

	def answer(self, status, body, content_type="application/json"):
		data = body if isinstance(body, bytes) else json.dumps(body).encode() + b"\n"
		self.send_response(status)
		self.send_header("Content-Type", content_type)
		self.send_header("Content-Length", str(len(data)))
		self.end_headers()
		self.wfile.write(data)

	def do_GET(self):
		if self.path == "/metrics":
			self.answer(200, generate_latest(), CONTENT_TYPE_LATEST)
		elif self.path == "/healthz":
			self.answer(200, {"models": self.server.faults})
		else:
			self.answer(404, {"error": "try /metrics"})

	def do_POST(self):
		body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 20))
		url = urllib.parse.urlsplit(self.path)
		if url.path == "/fault":
			self.set_fault(dict(urllib.parse.parse_qsl(url.query)))
		elif url.path.startswith("/v1/models/") and url.path.endswith(":predict"):
			self.predict(url.path[len("/v1/models/"):-len(":predict")], body)
		else:
			self.answer(404, {"error": "try /v1/models/NAME:predict"})

	def set_fault(self, query):
		faults, name = self.server.faults, query.get("model")
		if query.get("mode") not in ("none", "errors", "slow") or name not in faults:
			self.answer(400, {"error": "mode is none, errors or slow; model is one of " + ", ".join(faults)})
			return
		faults[name] = query["mode"]
		self.answer(200, faults)

	def predict(self, name, body):
		if name not in self.server.faults:
			self.answer(404, {"error": f"no model {name}"})
			return
		PREDICTIONS.labels(name).inc()
		with LATENCY.labels(name).time():
			try:
				status, answer = 200, {"predictions": self.server.predict(name, json.loads(body)["instances"])}
			except (ValueError, KeyError, TypeError) as error:
				status, answer = 400, {"error": str(error)}
			except RuntimeError as error:
				status, answer = 500, {"error": str(error)}
		if status != 200:
			ERRORS.labels(name).inc()
		self.answer(status, answer)


def main():
	parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
	parser.add_argument("--listen", default="127.0.0.1:8000", metavar="HOST:PORT", help="port 0 picks a free one")
	parser.add_argument("--model", action="append", metavar="NAME", help="may be repeated; default: iris")
	options = parser.parse_args()
	host, port = options.listen.rsplit(":", 1)
	server = ModelServer((host, int(port)), options.model or ["iris"])
	print(f"listening on {host}:{server.server_address[1]}", flush=True)
	server.serve_forever()


if __name__ == "__main__":
	main()
