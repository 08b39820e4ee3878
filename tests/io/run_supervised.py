"""`tocsin run` under a service manager's protocols, without a service manager: what it tells, when it stops feeding the watchdog, and
a socket that it is given. Arguments: the program, and hang.so."""
import contextlib
import http.client
import http.server
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

TOCSIN, HANG = (os.path.abspath(path) for path in sys.argv[1:3])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("TOCSIN_", "LISTEN_", "WATCHDOG_", "NOTIFY_"))}
RULES = "groups: [{name: g, rules: [{alert: A, expr: 'm % 7 == 3'}]}]\n"
WATCHDOG_SECONDS = 0.4
START = """import os, sys
os.environ["LISTEN_PID"] = os.environ.get("LISTEN_PID") or str(os.getpid())
if int(sys.argv[1]) != 3:
	os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.execv(sys.argv[2], sys.argv[2:])
"""


def expect(what, got, wanted):
	if got != wanted:
		raise AssertionError(f"{what}: got {got!r}, expected {wanted!r}")
	print("ok:", what, flush=True)


class Manager:
	"""systemd's end of the protocol."""

	def __init__(self, folder):
		self.path = os.path.join(folder, "notify")
		with contextlib.suppress(FileNotFoundError):
			os.unlink(self.path)
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		self.socket.bind(self.path)
		self.told = []

	def next(self, seconds=20):
		"""The variables of the next datagram; None: none came."""
		if not select.select([self.socket], [], [], seconds)[0]:
			return None
		self.told.append(self.socket.recv(4096).decode())
		return dict(line.split("=", 1) for line in self.told[-1].split("\n"))

	def wait(self, name, seconds=20, having=""):
		end = time.monotonic() + seconds
		while time.monotonic() < end:
			told = self.next(max(0, end - time.monotonic()))
			if told and name in told and having in told[name]:
				return told
		raise AssertionError(f"{name} was not told; what was: {[t for t in self.told if 'DOG' not in t]}")

	def is_starved(self):
		"""Whether the watchdog is not fed any more: what is on its way is read first."""
		quiet = time.monotonic()
		end = quiet + 20
		while time.monotonic() < end:
			told = self.next(0.05)
			if told and "WATCHDOG" in told:
				quiet = time.monotonic()
			if time.monotonic() - quiet > 3 * WATCHDOG_SECONDS:
				return True
		return False


class Peer(http.server.BaseHTTPRequestHandler):
	"""Prometheus with one sample, and an Alertmanager that takes everything."""

	def do_POST(self):
		form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
		sample = {"metric": {"__name__": "m"}, "value": [float(form.get("time", ["0"])[0]), "10"]}
		body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": [sample]}}).encode()
		self.send_response(200)
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body)

	def log_message(self, *_):
		pass


class Tocsin:
	"""Run under `manager`; `given` is a socket that it is to find as its only one, or several numbers in LISTEN_FDS."""

	def __init__(self, folder, peers, manager, *arguments, given=None, **environment):
		command = [TOCSIN, "run", "--prometheus", peers, "--alertmanager", peers, "--interval", "100ms",
				   "--rules", folder + "/rules.yml", *arguments]
		self.log_path = os.path.join(folder, "log")
		environment = {**ENVIRONMENT, "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6)),
					   "HANG_FOLDER": folder, **environment}
		if given is not None:
			environment = {"LISTEN_FDS": "1", **environment}
			command = [sys.executable, "-c", START, str(given.fileno()), *command]
		with open(self.log_path, "w", encoding="utf-8") as log:
			self.process = subprocess.Popen(command, env=environment, stderr=log, cwd=folder,
											pass_fds=[given.fileno()] if given else [])

	def log(self):
		with open(self.log_path, encoding="utf-8") as f:
			return f.read()

	def end(self, number=signal.SIGTERM):
		self.process.send_signal(number)
		return self.process.wait(20)


@contextlib.contextmanager
def running(*arguments, **options):
	t = Tocsin(*arguments, **options)
	try:
		yield t
	finally:
		if t.process.poll() is None:
			t.process.kill()
			t.process.wait()


def write(folder, name, text=""):
	with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
		f.write(text)


# ---- what it tells ----

def check_life(folder, peers):
	manager = Manager(folder)
	with running(folder, peers, manager, "--listen", "127.0.0.1:0", "--drain-timeout", "5s") as t:
		expect("the first thing it tells", manager.next(), {"READY": "1"})
		told = manager.wait("STATUS", having="1 alert firing")
		expect("the status", told, {"STATUS": "1 rule in 1 group: 1 alert firing, 0 pending."})
		expect("the watchdog is fed", [manager.wait("WATCHDOG")["WATCHDOG"] for _ in range(3)], ["1"] * 3)
		before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
		t.process.send_signal(signal.SIGHUP)
		told = manager.wait("RELOADING")
		expect("a reload has its time", before <= int(told["MONOTONIC_USEC"]) <= before + 20_000_000, True)
		manager.wait("READY")
		write(folder, "rules.yml", RULES.replace("expr", "exprs"))
		t.process.send_signal(signal.SIGHUP)
		manager.wait("RELOADING")
		manager.wait("READY")
		told = manager.wait("STATUS", having="The last reload failed: ")
		expect("  it says what failed", "rules.yml:1:" in told["STATUS"], True)
		write(folder, "rules.yml", RULES)
		expect("SIGTERM", t.end(), 0)
		told = manager.wait("STOPPING")
		expect("  it says how long that may take", told, {"STOPPING": "1", "EXTEND_TIMEOUT_USEC": "15000000"})


def check_bad_start(folder, peers):
	manager = Manager(folder)
	write(folder, "rules.yml", RULES.replace("expr", "exprs"))
	with running(folder, peers, manager) as t:
		expect("bad rules", t.process.wait(20), 1)
		expect("  the status says where", "rules.yml:1:" in manager.next()["STATUS"], True)
		expect("  and nothing was ready", "READY" in str(manager.told), False)
	write(folder, "rules.yml", RULES)
	with socket.create_server(("127.0.0.1", 0)) as taken:
		with running(folder, peers, manager, "--listen", "127.0.0.1:%d" % taken.getsockname()[1]) as t:
			expect("an address that is taken", t.process.wait(20), 3)
			expect("  the status says so", "already in use" in manager.next()["STATUS"], True)


def check_rest(folder, peers):
	"""Without rules there is no work, and the watchdog is fed all the same."""
	manager = Manager(folder)
	write(folder, "none.yml", "groups: []\n")
	with running(folder, peers, manager, "--rules", folder + "/none.yml", "--listen", "") as t:
		manager.wait("READY")
		expect("fed at rest", [manager.wait("WATCHDOG")["WATCHDOG"] for _ in range(3)], ["1"] * 3)
		t.end()


def check_hang(folder, peers, name, what, may_go_on):
	manager = Manager(folder)
	preload = {"LD_PRELOAD": HANG, "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
	with running(folder, peers, manager, "--listen", "127.0.0.1:0", "--prometheus-timeout", "300ms", **preload):
		manager.wait("STATUS", having="1 alert firing")
		manager.wait("WATCHDOG")
		write(folder, name)
		expect(f"{what}: the watchdog starves", manager.is_starved(), True)
		os.unlink(os.path.join(folder, name))
		if may_go_on:
			expect("  and is fed again when it goes on", manager.wait("WATCHDOG"), {"WATCHDOG": "1"})


# ---- a socket that it is given ----

class Connection(http.client.HTTPConnection):
	def __init__(self, address):
		super().__init__("127.0.0.1", timeout=20)
		self.address = address

	def connect(self):
		self.sock = socket.socket(socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET)
		self.sock.settimeout(20)
		self.sock.connect(self.address)


def ask(address):
	connection = Connection(address)
	connection.request("GET", "/-/healthy")
	status = connection.getresponse().status
	connection.close()
	return status


def check_given(folder, peers, given, place):
	manager = Manager(folder)
	address = given.getsockname()
	with running(folder, peers, manager, "--listen", "192.0.2.1:9", given=given) as t:
		manager.wait("READY")
		expect(f"a socket at {place} is served, and not what is configured", ask(address), 200)
		expect("  the log says so", f"{place}, a socket of the service manager" in t.log(), True)
		t.process.send_signal(signal.SIGHUP)
		manager.wait("RELOADING")
		manager.wait("READY")
		expect("  after a reload too", ask(address), 200)
		expect("  SIGTERM", t.end(), 0)
	with running(folder, peers, manager, given=given):
		expect("the next one answers who came in between", ask(address), 200)


def check_succession(folder, peers, given):
	"""One process after another on one socket: whoever asks is answered."""
	manager, failures, over = Manager(folder), [], threading.Event()

	def ask_on():
		while not over.is_set():
			try:
				failures.extend([] if ask(given.getsockname()) == 200 else ["not 200"])
			except OSError as error:
				failures.append(repr(error))

	threads = [threading.Thread(target=ask_on) for _ in range(4)]
	for thread in threads:
		thread.start()
	try:
		for _ in range(5):
			with running(folder, peers, manager, given=given) as t:
				manager.wait("READY")
				manager.wait("WATCHDOG")
				t.end()
		with running(folder, peers, manager, given=given):
			over.set()
			for thread in threads:
				thread.join()
	finally:
		over.set()
	expect("while five processes followed each other nobody was refused", failures, [])


def check_idle_connection(folder, peers, given):
	"""Somebody who is accepted and asks nothing holds up the end for a second, not for all of drain_timeout."""
	manager = Manager(folder)
	with running(folder, peers, manager, "--drain-timeout", "5m", given=given) as t:
		manager.wait("READY")
		with socket.create_connection(given.getsockname()):
			expect("it answers", ask(given.getsockname()), 200)
			expect("it ends although somebody is there", t.end(), 0)


def check_wrong(folder, peers):
	manager = Manager(folder)
	listening = socket.create_server(("127.0.0.1", 0))
	datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	silent = socket.socket(socket.AF_INET)
	plain = open(os.devnull, "rb")
	cases = [
		(listening, {"LISTEN_FDS": "2"}, "2 sockets were passed on, but tocsin listens on one"),
		(datagrams, {}, "it is no listening stream socket"),
		(silent, {}, "it is no listening stream socket"),
		(plain, {}, "it is no socket"),
	]
	for given, environment, words in cases:
		with running(folder, peers, manager, given=given, **environment) as t:
			expect(f"refused: {words}", (t.process.wait(20), words in t.log()), (3, True))
			expect("  and told", words in manager.next()["STATUS"], True)
	with running(folder, peers, manager, "--listen", "127.0.0.1:0", given=datagrams, LISTEN_PID="1") as t:
		manager.wait("READY")
		expect("a socket for another process is not ours", "a socket of the service manager" in t.log(), False)
	for thing in (listening, datagrams, silent, plain):
		thing.close()


def main():
	folder = tempfile.mkdtemp(prefix="tocsin-test-")
	peer = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
	threading.Thread(target=peer.serve_forever, daemon=True).start()
	peers = "http://127.0.0.1:%d" % peer.server_address[1]
	try:
		write(folder, "rules.yml", RULES)
		check_life(folder, peers)
		check_bad_start(folder, peers)
		check_rest(folder, peers)
		check_hang(folder, peers, "evaluation", "an evaluation that does not end", True)
		check_hang(folder, peers, "exchanges", "a loop that turns while nothing comes to an end", False)
		with socket.create_server(("127.0.0.1", 0)) as given:
			check_given(folder, peers, given, "127.0.0.1:%d" % given.getsockname()[1])
			check_succession(folder, peers, given)
			check_idle_connection(folder, peers, given)
		with socket.socket(socket.AF_UNIX) as given:
			given.bind(folder + "/api")
			given.listen()
			check_given(folder, peers, given, folder + "/api")
		check_wrong(folder, peers)
	finally:
		peer.shutdown()
		shutil.rmtree(folder)


main()
