#!/usr/bin/env python3
"""Asks a model server for predictions at a steady rate, and looks at the answers."""
import argparse
import http.client
import json
import random
import sys
import threading
import time

FLOWERS = {
	"setosa": (5.0, 3.4, 1.5, 0.2),
	"versicolor": (5.9, 2.8, 4.3, 1.3),
	"virginica": (6.6, 3.0, 5.6, 2.0),
}


class Client(threading.Thread):
	"""One connection that sends a request every `pause` seconds."""

	def __init__(self, target, model, pause):
		super().__init__(daemon=True)
		self.target, self.model, self.pause = target, model, pause
		self.asked = self.right = self.failed = 0

	def ask(self, connection):
		species, lengths = random.choice(list(FLOWERS.items()))
		instance = [x + random.gauss(0, 0.05) for x in lengths]
		connection.request("POST", f"/v1/models/{self.model}:predict", json.dumps({"instances": [instance]}))
		response = connection.getresponse()
		answer = json.loads(response.read())
		self.asked += 1
		self.failed += response.status != 200
		self.right += answer.get("predictions") == [species]

	def run(self):
		connection = http.client.HTTPConnection(self.target, timeout=10)
		while True:
			started = time.monotonic()
			try:
				self.ask(connection)
			except (OSError, http.client.HTTPException, ValueError):
				self.failed += 1
				connection.close()
			time.sleep(max(0.0, self.pause - (time.monotonic() - started)))


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("target", metavar="HOST:PORT")
	parser.add_argument("--model", action="append", metavar="NAME", help="may be repeated; default: iris")
	parser.add_argument("--rate", type=float, default=20, help="requests a second and model (default %(default)s)")
	parser.add_argument("--connections", type=int, default=8, help="a model (default %(default)s)")
	options = parser.parse_args()
	clients = [Client(options.target, model, options.connections / options.rate)
			   for model in options.model or ["iris"] for _ in range(options.connections)]
	for client in clients:
		client.start()
		time.sleep(0.01)
	try:
		while True:
			time.sleep(60)
	except KeyboardInterrupt:
		asked = sum(c.asked for c in clients)
		print(f"{asked} predictions, {sum(c.right for c in clients)} right, {sum(c.failed for c in clients)} failed", file=sys.stderr)


if __name__ == "__main__":
	main()
