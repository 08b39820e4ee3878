"""Real servers for the demo, the end-to-end tests and the benchmarks: started on free loopback ports, ended with this process."""
import ctypes
import http.server
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START_SECONDS = 30


def free_port():
	"""For a server that binds it later. Not one of those that the kernel gives away by itself: it would be somebody else's by then."""
	with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
		given_away = int(f.read().split()[0])
	for _ in range(1000):
		port = random.randrange(10000, max(given_away, 11000))
		with socket.socket() as s:
			try:
				s.bind(("127.0.0.1", port))
				return port
			except OSError:
				continue
	raise RuntimeError("no port is free")


def serve(handler):
	"""An HTTP server in this process, for as long as it lasts; its port."""
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	return server.server_address[1]


def fetch(url, body=None, timeout=5, method=None):
	"""(status, text). OSError when there is no answer."""
	data = body.encode() if isinstance(body, str) else body
	request = urllib.request.Request(url, data=data, method=method)
	try:
		with urllib.request.urlopen(request, timeout=timeout) as response:
			return response.status, response.read().decode()
	except urllib.error.HTTPError as error:
		return error.code, error.read().decode()


def fetch_json(url, **options):
	return json.loads(fetch(url, **options)[1])


def wait_for(what, condition, seconds=START_SECONDS, pause=0.1):
	"""The first true value of condition(). Errors of the network count as false."""
	end = time.monotonic() + seconds
	while True:
		try:
			value = condition()
		except (OSError, ValueError, KeyError):
			value = None
		if value:
			return value
		if time.monotonic() > end:
			raise TimeoutError(f"not within {seconds} s: {what}")
		time.sleep(pause)


def die_with_parent():
	PR_SET_PDEATHSIG = 1
	ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
	os.setpgid(0, 0)  # Ctrl-C in the terminal is for us; we end the servers in order


class Server:
	"""A process with a log file and a port. `command` is a list in which {port} stands for the port."""
	ready_path = None

	def __init__(self, home, name, command):
		self.home, self.name, self.command = home, name, command
		self.port = free_port()
		self.url = f"http://127.0.0.1:{self.port}"
		self.log_path = os.path.join(home.path, name + ".log")
		self.process = None

	def start(self):
		command = [part.replace("{port}", str(self.port)) for part in self.command]
		with open(self.log_path, "ab") as log:
			self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
											preexec_fn=die_with_parent, env=self.home.environment)
		self.home.running.append(self)
		if self.ready_path:
			self.wait_ready()
		return self

	def wait_ready(self):
		def ready():
			if self.process.poll() is not None:
				raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-2000:]}")
			return fetch(self.url + self.ready_path, timeout=1)[0] == 200
		wait_for(f"{self.name} is ready (log: {self.log_path})", ready)

	def send(self, number):
		self.process.send_signal(number)

	def stop(self, number=signal.SIGTERM, seconds=15):
		"""The exit status."""
		if self.process is None:
			return None
		if self.process.poll() is None:
			self.process.send_signal(signal.SIGCONT)
			self.process.send_signal(number)
			try:
				self.process.wait(seconds)
			except subprocess.TimeoutExpired:
				self.process.kill()
				self.process.wait()
		if self in self.home.running:
			self.home.running.remove(self)
		return self.process.returncode

	def kill(self):
		return self.stop(signal.SIGKILL)

	def log(self):
		with open(self.log_path, encoding="utf-8", errors="replace") as f:
			return f.read()

	def memory_kib(self):
		"""(resident now, highest so far)"""
		with open(f"/proc/{self.process.pid}/status") as f:
			fields = dict(line.split(":", 1) for line in f)
		return int(fields["VmRSS"].split()[0]), int(fields["VmHWM"].split()[0])

	def metric(self, name):
		"""Sum over the series of that name in /metrics."""
		total = 0.0
		for line in fetch(self.url + "/metrics")[1].split("\n"):
			if line.startswith((name + " ", name + "{")):
				total += float(line.rsplit(" ", 1)[1])
		return total

	def cpu_seconds(self):
		with open(f"/proc/{self.process.pid}/stat") as f:
			fields = f.read().rsplit(")", 1)[1].split()
		return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Prometheus(Server):
	ready_path = "/-/ready"

	def __init__(self, home, config, flags=(), name="prometheus"):
		file = home.write(name + ".yml", config)
		super().__init__(home, name, [
			program("prometheus"), "--config.file", file, "--storage.tsdb.path", os.path.join(home.path, name + "-data"),
			"--web.listen-address", "127.0.0.1:{port}", *flags])

	def query(self, expr, at=None):
		"""[(labels, value)] of an instant vector."""
		parameters = {"query": expr}
		if at is not None:
			parameters["time"] = f"{at:.3f}"
		answer = fetch_json(self.url + "/api/v1/query", body=urllib.parse.urlencode(parameters))
		return [(item["metric"], float(item["value"][1])) for item in answer["data"]["result"]]


ALERTMANAGER_CONFIG = """
route: {receiver: none, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: none}]
"""


class Alertmanager(Server):
	ready_path = "/-/ready"

	def __init__(self, home, config=ALERTMANAGER_CONFIG, name="alertmanager", cluster=("--cluster.listen-address=",)):
		file = home.write(name + ".yml", config)
		super().__init__(home, name, [
			program("prometheus-alertmanager", "alertmanager"), "--config.file", file,
			"--storage.path", os.path.join(home.path, name + "-data"), *cluster,
			"--web.listen-address", "127.0.0.1:{port}"])

	@staticmethod
	def make_cluster(home, count, config, peer_timeout):
		"""So many that gossip with each other, on loopback and in a hurry. In its turn each waits peer_timeout (seconds) for those
		before it to have notified."""
		places = [f"127.0.0.1:{free_port()}" for _ in range(count)]
		usual = [f"--cluster.peer-timeout={peer_timeout}s", "--cluster.gossip-interval=100ms", "--cluster.pushpull-interval=1s",
				 "--cluster.settle-timeout=3s", "--cluster.probe-interval=1s", "--cluster.probe-timeout=900ms",
				 "--cluster.tcp-timeout=2s", "--cluster.reconnect-interval=1s"]
		return [Alertmanager(home, config, f"alertmanager-{i + 1}", [
			f"--cluster.listen-address={place}", f"--cluster.advertise-address={place}", *usual,
			*[f"--cluster.peer={other}" for other in places if other != place]]) for i, place in enumerate(places)]

	def alerts(self):
		"""Those that Alertmanager takes to be firing now."""
		return fetch_json(self.url + "/api/v2/alerts")

	def cluster(self):
		"""(its own name, all names in the order in which they notify)"""
		cluster = fetch_json(self.url + "/api/v2/status")["cluster"]
		return cluster["name"], sorted(peer["name"] for peer in cluster["peers"])


class ModelServer(Server):
	ready_path = "/healthz"

	def __init__(self, home, models, name="model-server"):
		script = os.path.join(ROOT, "examples/model-server/server.py")
		names = [word for model in models for word in ("--model", model)]
		super().__init__(home, name, [python_with_client(), script, "--listen", "127.0.0.1:{port}", *names])

	def fault(self, model, mode):
		query = urllib.parse.urlencode({"model": model, "mode": mode})
		status, text = fetch(f"{self.url}/fault?{query}", method="POST", body="")
		if status != 200:
			raise RuntimeError(text)


class Load(Server):
	def __init__(self, home, target, models, rate=20, name="load"):
		script = os.path.join(ROOT, "examples/model-server/load.py")
		names = [word for model in models for word in ("--model", model)]
		super().__init__(home, name, [sys.executable, script, f"127.0.0.1:{target.port}", "--rate", str(rate), *names])


class Tocsin(Server):
	ready_path = "/-/healthy"

	def __init__(self, home, arguments, name="tocsin"):
		super().__init__(home, name, [binary(), "run", "--listen", "127.0.0.1:{port}", *arguments])

	def alerts(self):
		return fetch_json(self.url + "/api/v1/alerts")["data"]["alerts"]

	def rules(self):
		return [rule for group in fetch_json(self.url + "/api/v1/rules")["data"]["groups"] for rule in group["rules"]]


class Home:
	"""A folder for configurations, data and logs, and the servers that run in it. Leaving it ends them, the last started first."""

	def __init__(self, keep=False):
		self.keep = keep
		self.running = []
		self.environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}

	def __enter__(self):
		self.path = tempfile.mkdtemp(prefix="tocsin-")
		return self

	def __exit__(self, *exception):
		for server in reversed(list(self.running)):
			server.stop(seconds=5)
		if not self.keep:
			shutil.rmtree(self.path, ignore_errors=True)

	def write(self, name, text):
		path = os.path.join(self.path, name)
		with open(path, "w", encoding="utf-8") as f:
			f.write(text)
		return path


def program(*names):
	for name in names:
		path = shutil.which(name)
		if path:
			return path
	sys.exit(f"{names[0]} is not installed: run scripts/deps demo")


def binary():
	"""The tocsin to use: TOCSIN_BINARY, else the one of the default build."""
	return os.environ.get("TOCSIN_BINARY") or os.path.join(ROOT, "build", "tocsin")


def python_with_client():
	"""An interpreter that has the official Prometheus client: the distribution's package may be for another than the first in PATH."""
	for python in (sys.executable, "/usr/bin/python3"):
		if subprocess.run([python, "-c", "import prometheus_client"], capture_output=True).returncode == 0:
			return python
	sys.exit("the Python package prometheus_client is not installed: run scripts/deps demo")
