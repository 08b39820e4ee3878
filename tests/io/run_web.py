"""`tocsin run` as somebody sees it from outside, with a web configuration: TLS, passwords, renewal; and that nobody who asks, or who
only half asks, keeps rules from being evaluated. Argument: the program."""
import base64
import json
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from tls_peer import Certificates, Peer

TOCSIN = os.path.abspath(sys.argv[1])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_") and not k.lower().endswith("_proxy")}
PATIENCE = 60  # seconds for what comes at once where nothing else runs
LOCAL = "DNS:localhost,IP:127.0.0.1"
# of the password "secret"; the second one takes some 50 ms to check
HASH = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
SLOW_HASH = "$2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u"
TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
RULES = "groups: [{name: g, rules: [{alert: Up, expr: up == 1, labels: {x: '{{ $value }}'}}]}]\n"


def expect(what, got, wanted):
	if got != wanted:
		sys.exit(f"{what}: got {got!r}, expected {wanted!r}")
	print("ok:", what, flush=True)


def call(folder, *arguments, **environment):
	return subprocess.run([TOCSIN, *arguments], cwd=folder, env={**ENVIRONMENT, **environment}, capture_output=True, text=True,
						  timeout=PATIENCE)


class Folder:
	"""Configurations, rules and certificates."""

	def __init__(self):
		self.path = tempfile.mkdtemp(prefix="tocsin-test-")
		certificates = Certificates(self.path)
		certificates.authority("ca")
		for name in ("server", "renewed"):
			certificates.issue(name, "ca", "server", LOCAL)
		self.certificates = certificates

	def write(self, name, text):
		path = os.path.join(self.path, name)
		with open(path + ".new", "w", encoding="utf-8") as file:
			file.write(text)
		os.rename(path + ".new", path)

	def copy(self, source, target):
		shutil.copy(os.path.join(self.path, source), os.path.join(self.path, target + ".new"))
		os.rename(os.path.join(self.path, target + ".new"), os.path.join(self.path, target))


class Run:
	"""`tocsin run`, every 100 ms, beside a Prometheus that always answers."""

	running = []

	def __init__(self, folder, *options, rules=RULES, descriptors=None):
		self.folder = folder
		self.prometheus = Peer()
		folder.write("rules.yml", rules)
		self.process = subprocess.Popen(
			[TOCSIN, "run", "--prometheus", f"http://127.0.0.1:{self.prometheus.port}", "--alertmanager",
			 f"http://127.0.0.1:{self.prometheus.port}", "--rules", "rules.yml", "--interval", "100ms", "--listen", "127.0.0.1:0",
			 "--drain-timeout", "0s", *options], stderr=subprocess.PIPE, cwd=folder.path, env=ENVIRONMENT, text=True,
			preexec_fn=descriptors and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))))
		self.running.append(self)
		self.lines = []
		self.thread = threading.Thread(target=self.read, daemon=True)
		self.thread.start()
		found = self.wait_log(r"API is on (https?)://127.0.0.1:(\d+)")
		self.scheme, self.port = found.group(1), int(found.group(2))

	def read(self):
		for line in self.process.stderr:
			self.lines.append(line)

	def log(self):
		return "".join(self.lines)

	def wait(self, what, condition, seconds=PATIENCE):
		end = time.monotonic() + seconds
		while True:
			value = condition()
			if value:
				return value
			if time.monotonic() > end or self.process.poll() is not None:
				sys.exit(f"never: {what}\n{self.log()}")
			time.sleep(0.02)

	def wait_log(self, pattern):
		return self.wait(pattern, lambda: re.search(pattern, self.log()))

	def connect(self, tls=None, context=None):
		plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
		if not (self.scheme == "https" if tls is None else tls):
			return plain
		if context is None:
			context = ssl.create_default_context(cafile=self.folder.certificates.path("ca.pem"))
		return context.wrap_socket(plain, server_hostname="localhost")

	def ask(self, path, method="GET", login=None, headers="", tls=None):
		"""(status, head, body)"""
		if login:
			headers += "Authorization: Basic " + base64.b64encode(login.encode()).decode() + "\r\n"
		with self.connect(tls) as s:
			s.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n".encode())
			data = b""
			while piece := s.recv(65536):
				data += piece
		head, _, body = data.decode().partition("\r\n\r\n")
		return int(head.split()[1]), head, body

	def status(self, *arguments, **keywords):
		return self.ask(*arguments, **keywords)[0]

	def metric(self, name, **keywords):
		for line in self.ask("/metrics", **keywords)[2].split("\n"):
			if line.startswith((name + " ", name + "{")):
				return float(line.rsplit(" ", 1)[1])
		sys.exit(f"no metric {name}")

	def descriptors(self):
		return len(os.listdir(f"/proc/{self.process.pid}/fd"))

	def resident(self):
		with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
			return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) >> 10

	def cpu_seconds(self):
		with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
			fields = file.read().rsplit(")", 1)[1].split()
		return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

	def certificate(self):
		with self.connect() as s:
			return s.getpeercert()["serialNumber"]

	def end(self, seconds=PATIENCE):
		self.process.send_signal(signal.SIGTERM)
		code = self.process.wait(seconds)
		self.forget()
		return code

	def forget(self):
		self.running.remove(self)
		self.process.kill()
		self.thread.join()
		self.prometheus.close()


# ---- files ----

def check_files(folder):
	folder.write("bad.yml", "basic_auth_users: {ann: hunter2}\ntls_server_config: {cert_file: server.pem, key_file: none.key}\n")
	folder.write("good.yml", TLS + f"basic_auth_users: {{ann: {HASH}}}\n")
	os.makedirs(os.path.join(folder.path, "deep"))
	folder.write("deep/tocsin.yml", "web: {config_file: ../good.yml}\n")
	folder.write("deep/bad.yml", "web: {config_file: ../bad.yml}\n")
	run = call(folder.path, "check", "good.yml", "deep/tocsin.yml")
	expect("check of what is good", (run.returncode, run.stdout.count("a web configuration")), (0, 2))
	for arguments in (["check", "bad.yml"], ["check", "deep/bad.yml"], ["run", "--web-config", "bad.yml"], ["run", "-c", "deep/bad.yml"]):
		run = call(folder.path, *arguments)
		what = " ".join(arguments)
		expect(what, (run.returncode, "bad.yml:1:25: error: not a bcrypt hash" in run.stderr), (1, True))
		expect("  says all", "bad.yml:2:54: error: " in run.stderr and "none.key: no such file" in run.stderr, True)
		expect("  shows no password", "hunter2" in run.stderr, False)
	expect("  counts them", "2 errors in 1 file" in call(folder.path, "check", "bad.yml").stderr, True)
	run = call(folder.path, "run", TOCSIN_WEB_CONFIG="none.yml")
	expect("a file that is not there", (run.returncode, "cannot read the web configuration: none.yml: no such" in run.stderr), (3, True))
	folder.write("torn.yml", "basic_auth_users:\n  ann: '" + HASH + "\n")
	run = call(folder.path, "check", "torn.yml")
	expect("a file that is no YAML", (run.returncode, HASH[-20:] in run.stderr), (1, False))


# ---- passwords and TLS ----

def check_access(folder):
	folder.write("web.yml", TLS + f"basic_auth_users: {{ann: {HASH}}}\nhttp_server_config: {{headers: {{X-Frame-Options: deny}}}}\n")
	t = Run(folder, "--web-config", "web.yml", "--web-lifecycle")
	expect("TLS is in the log", t.scheme, "https")
	paths = ("/", "/-/healthy", "/metrics", "/api/v1/rules", "/api/v1/status/config", "/nowhere")
	expect("without a password", {t.status(path) for path in paths}, {401})
	expect("POST /-/reload without one", t.status("/-/reload", "POST"), 401)
	expect("with a wrong one", t.status("/", login="ann:public"), 401)
	expect("of nobody", t.status("/", login="bob:secret"), 401)
	expect("with the right one", [t.status(path, login="ann:secret") for path in paths], [200] * 5 + [404])
	expect("  reload", t.status("/-/reload", "POST", login="ann:secret"), 200)
	expect("  a header that was configured", "X-Frame-Options: deny" in t.ask("/", login="ann:secret")[1], True)
	text = t.ask("/api/v1/status/config", login="ann:secret")[2] + t.ask("/api/v1/status/flags", login="ann:secret")[2]
	expect("what runs is shown, and no hash", ("web.yml" in text, HASH in text), (True, False))
	info = json.loads(t.ask("/api/v1/status/runtimeinfo", login="ann:secret")[2])["data"]
	expect("where it runs", (info["CWD"], info["hostname"]), (os.path.realpath(folder.path), socket.gethostname()))
	try:
		expect("plain HTTP", t.ask("/", tls=False), None)
	except (OSError, IndexError):
		print("ok: no plain HTTP")
	old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
	old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
	for version, good in ((ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
		old.minimum_version = old.maximum_version = version
		with t.connect(context=old) as s:
			expect(f"speaks {version.name}", s.version() == version.name.replace("_", "."), good)
	expect("the end", t.end(), 0)
	expect("  no secret in the log", HASH in t.log() or "secret" in t.log(), False)


def check_renewal(folder):
	"""Files that change count without a reload; bad ones do not, and that is said once."""
	folder.copy("server.pem", "live.pem")
	folder.copy("server.key", "live.key")
	live = "tls_server_config: {cert_file: live.pem, key_file: live.key}\n"
	folder.write("web.yml", live)
	t = Run(folder, "--web-config", "web.yml")
	first = t.certificate()
	folder.copy("renewed.pem", "live.pem")  # without its key yet
	t.wait_log("the web configuration changed, but stays as it was")
	expect("half a renewal", t.certificate(), first)
	expect("  is said with its place", "web.yml:1:52: error: the key does not belong to the certificate" in t.log(), True)
	folder.copy("renewed.key", "live.key")
	t.wait_log("the web configuration changed, and counts from now on")
	expect("the renewed certificate", t.certificate() != first, True)
	time.sleep(0.5)
	expect("  is said once", t.log().count("counts from now on"), 1)
	folder.write("web.yml", live + f"basic_auth_users: {{ann: {HASH}}}\n")
	t.wait("a user who was added", lambda: t.status("/") == 401)
	expect("  comes in", t.status("/", login="ann:secret"), 200)
	folder.write("web.yml", f"basic_auth_users: {{ann: {HASH}}}\n")
	t.wait_log("TLS goes on or off only at a reload")
	expect("TLS does not go by itself", t.status("/", login="ann:secret"), 200)
	t.process.send_signal(signal.SIGHUP)
	t.wait_log('msg="?reloaded')
	t.scheme = "http"
	t.wait("TLS is off after a reload", lambda: try_status(t, "/", login="ann:secret") == 200)
	folder.write("web.yml", live)
	t.process.send_signal(signal.SIGHUP)
	t.wait("TLS is on again, on the same port", lambda: try_status(t, "/", tls=True) == 200)
	t.scheme = "https"
	folder.write("web.yml", "nonsense: 1\n")
	t.process.send_signal(signal.SIGHUP)
	t.wait_log("the reload failed; everything goes on as it was")
	expect("a bad one at a reload changes nothing", t.status("/"), 200)
	expect("  but is counted", t.metric("prometheus_config_last_reload_successful"), 0)
	expect("the end", t.end(), 0)


def try_status(t, *arguments, **keywords):
	try:
		return t.status(*arguments, **keywords)
	except (OSError, IndexError, ValueError):
		return None


# ---- those who misbehave ----

class Watch:
	"""Whether evaluations go on meanwhile, how long Prometheus was not asked, and what it takes. Time in which the kernel gave a processor
	to others, and not to tocsin or to us, does not count."""

	def __init__(self, t, what, login=None):
		self.t, self.what, self.login = t, what, login
		self.times, self.stop = [], False
		self.before = self.missed()
		self.cpu = t.cpu_seconds()
		self.thread = threading.Thread(target=self.look, daemon=True)
		self.thread.start()

	def missed(self):
		return self.t.metric("prometheus_rule_group_iterations_missed_total", login=self.login)

	def waited(self):
		"""How long tocsin could have run, and was not let."""
		try:
			with open(f"/proc/{self.t.process.pid}/schedstat", encoding="utf-8") as file:
				return int(file.read().split()[1]) / 1e9
		except OSError:
			return 0  # a kernel that does not count it

	def look(self):
		count, ours, last = 0, 0.0, time.monotonic()
		while not self.stop:
			time.sleep(0.005)
			now = time.monotonic()
			ours, last = ours + min(now - last, 0.02), now
			seen = len(self.t.prometheus.seen)
			if seen != count:
				count = seen
				self.times.append(ours - self.waited())

	def end(self, descriptors_max=600, resident_max=2000):
		seen = len(self.times)
		self.t.wait(self.what + ": evaluations go on", lambda: len(self.times) > seen + 1)
		self.stop = True
		self.thread.join()
		gaps = [b - a for a, b in zip(self.times, self.times[1:])]
		descriptors, resident = self.t.descriptors(), self.t.resident()
		print(f"# {self.what}: longest pause {max(gaps) * 1000:.0f} ms, {self.missed() - self.before:.0f} slots missed, "
			  f"{descriptors} descriptors, {resident} MiB, {self.t.cpu_seconds() - self.cpu:.2f} s of CPU", flush=True)
		expect(self.what, (max(gaps) < 2, descriptors < descriptors_max, resident < resident_max, self.t.process.poll()),
			   (True, True, True, None))


def endless_headers(t, seconds):
	sockets = [t.connect() for _ in range(50)]
	for s in sockets:
		s.sendall(b"GET / HTTP/1.1\r\nX: ")
		s.setblocking(False)
	end = time.monotonic() + seconds
	while time.monotonic() < end:
		for s in sockets:
			try:
				s.send(b"h" * 50)
			except OSError:
				pass
		time.sleep(0.005)
	return sockets


def slow_readers(t):
	sockets = []
	for _ in range(40):
		s = socket.socket()
		s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
		s.connect(("127.0.0.1", t.port))
		s.sendall(b"GET /api/v1/rules HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
		sockets.append(s)
	time.sleep(1)
	return sockets


def idle_connections(t):
	sockets = []
	for _ in range(1000):
		sockets.append(socket.create_connection(("127.0.0.1", t.port), timeout=PATIENCE))
	time.sleep(0.5)
	return sockets


def large_requests(t):
	sockets = []
	body = b"x" * (10 << 20)
	for head in (b"Content-Length: %d\r\n\r\n" % len(body), b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body)):
		for _ in range(5):
			s = socket.create_connection(("127.0.0.1", t.port), timeout=PATIENCE)
			try:
				s.sendall(b"POST /-/reload HTTP/1.1\r\nHost: x\r\n" + head + body)
			except OSError:
				pass
			sockets.append(s)
	return sockets


def garbage(t):
	sockets = []
	texts = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 200, os.urandom(100000), b"\r\n" * 50000, b"GET " + b"/" * 100000,
			 b"GET / HTTP/9.9\r\n\r\n" * 100, b"\x00" * 50000, b"GET /api/v1/rules?" + b"&" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
			 b"GET /api/v1/rules?" + b"rule_name[]=x&" * 2000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
			 b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" * 100,
			 b"POST /-/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 100000]
	for text in texts * 5:
		s = socket.create_connection(("127.0.0.1", t.port), timeout=PATIENCE)
		try:
			s.sendall(text)
		except OSError:
			pass
		sockets.append(s)
	return sockets


def questions(t, seconds):
	"""As many as can be asked, by eight at the same time."""
	end = time.monotonic() + seconds
	counts = []

	def ask():
		count = 0
		while time.monotonic() < end:
			count += try_status(t, "/api/v1/rules") == 200
		counts.append(count)
	threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	return sum(counts)


def many_rules(count):
	rules = [f"{{alert: A{i}, expr: up == 1, annotations: {{text: '{'x' * 200}'}}}}" for i in range(count)]
	return f"groups: [{{name: g, rules: [{', '.join(rules)}]}}]\n"


def check_robustness(folder):
	t = Run(folder, rules=many_rules(300))
	t.wait("an evaluation", lambda: '"firing"' in t.ask("/api/v1/rules")[2])
	size = len(t.ask("/api/v1/rules")[2])
	expect("the rules are many", size > 100000, True)
	for what, act in (("endless headers", lambda: endless_headers(t, 1.5)), ("slow readers", lambda: slow_readers(t)),
					  ("1,000 idle connections", lambda: idle_connections(t)), ("10 MB requests", lambda: large_requests(t)),
					  ("garbage in a row", lambda: garbage(t))):
		watch = Watch(t, what)
		sockets = act()
		expect(what + ": others are answered", t.status("/-/healthy"), 200)
		watch.end()
		for s in sockets:
			s.close()
	watch = Watch(t, "questions without a pause")
	asked = questions(t, 2)
	watch.end()
	print(f"# {asked} answers of {size >> 10} KiB", flush=True)
	t.wait("descriptors go back", lambda: t.descriptors() < 60)
	expect("the end", t.end(), 0)


# The beginning of a hello of 512 bytes.
HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


def check_robustness_with_access(folder):
	folder.write("web.yml", TLS + f"basic_auth_users: {{ann: '{SLOW_HASH}'}}\n")
	t = Run(folder, "--web-config", "web.yml")
	expect("ann", t.status("/", login="ann:secret"), 200)
	watch = Watch(t, "half handshakes", "ann:secret")
	sockets = [socket.create_connection(("127.0.0.1", t.port), timeout=PATIENCE) for _ in range(600)]
	for s in sockets:
		s.sendall(HALF_HELLO)
	before = t.cpu_seconds()
	time.sleep(1)
	expect("  take no processor", t.cpu_seconds() - before < 0.5, True)
	expect("  others are answered", t.status("/-/healthy", login="ann:secret"), 200)
	watch.end()
	for s in sockets:
		s.close()
	watch = Watch(t, "whole handshakes, and then nothing", "ann:secret")
	sockets = [t.connect() for _ in range(150)]
	expect("  others are answered", t.status("/-/healthy", login="ann:secret"), 200)
	watch.end()
	for s in sockets:
		s.close()
	watch = Watch(t, "a flood of wrong passwords", "ann:secret")
	sockets = [t.connect() for _ in range(30)]
	statuses = []

	def guess(s, number):
		for i in range(3):
			login = base64.b64encode(f"ann:guess {number} {i}".encode()).decode()
			s.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\n\r\n".encode())
			answer = b""
			while b"\r\n\r\n" not in answer or not answer.endswith(b"d\n"):
				answer += s.recv(65536)
			statuses.append(answer.split()[1])
	threads = [threading.Thread(target=guess, args=(s, number), daemon=True) for number, s in enumerate(sockets)]
	for thread in threads:
		thread.start()
	while any(thread.is_alive() for thread in threads):
		expect("  who is known is answered", t.status("/-/healthy", login="ann:secret"), 200)
		time.sleep(1)
	expect("  all were refused", (len(statuses), set(statuses) <= {b"401", b"503"}), (90, True))
	watch.end()
	for s in sockets:
		s.close()
	expect("the end", t.end(), 0)


def check_few_descriptors(folder):
	"""Connections leave enough descriptors for the engine's own requests, however few it may have."""
	t = Run(folder, descriptors=128)
	watch = Watch(t, "more idle connections than descriptors")
	sockets = [socket.create_connection(("127.0.0.1", t.port), timeout=PATIENCE) for _ in range(200)]
	expect("others are answered", t.status("/-/healthy"), 200)
	watch.end(descriptors_max=100)
	for s in sockets:
		s.close()
	expect("the end", t.end(), 0)


def main():
	soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
	resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
	folder = Folder()
	try:
		check_files(folder)
		check_access(folder)
		check_renewal(folder)
		check_robustness(folder)
		check_few_descriptors(folder)
		check_robustness_with_access(folder)
	finally:
		for t in list(Run.running):
			t.forget()
		shutil.rmtree(folder.path)


main()
