"""`tocsin health` beside a `tocsin run`: every way to listen, who is let in, and what it says where there is nothing good to say.
Argument: the program."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from tls_peer import Certificates, Peer

TOCSIN = os.path.abspath(sys.argv[1])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_") and not k.lower().endswith("_proxy")}
LOCAL = "DNS:localhost,IP:127.0.0.1"
HASH = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"  # of "secret"
TLS = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
MUTUAL = "tls_server_config: {cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert}\n"
USERS = f"basic_auth_users: {{ann: {HASH}}}\n"

ANN = {"TOCSIN_HEALTH_USERNAME": "ann", "TOCSIN_HEALTH_PASSWORD": "secret"}
# web configuration, options, environment, exit code, what is said (on stdout where the code is 0); {p} is the port
CASES = [
	("", ["--listen", "127.0.0.1:{p}"], {}, 0, "healthy\n"),
	("", ["--listen", "127.0.0.1:{p}", "--ready"], {}, 0, "ready\n"),
	("", [], {"TOCSIN_LISTEN": "0.0.0.0:{p}"}, 0, "healthy\n"),
	("", [], {"TOCSIN_LISTEN": ":{p}"}, 0, "healthy\n"),
	("", ["--listen", "localhost:{p}"], {"TOCSIN_LISTEN": "127.0.0.1:1"}, 0, "healthy\n"),
	("", ["-c", "tocsin.yml"], {}, 0, "healthy\n"),
	("", [], {"TOCSIN_CONFIG": "tocsin.yml"}, 0, "healthy\n"),
	("", ["-c", "bad.yml"], {}, 0, "healthy\n"),  # broken since it was read
	("", ["-c", "none.yml"], {}, 3, "none.yml: no such file"),
	(TLS, ["-c", "tocsin.yml"], {}, 0, "healthy\n"),
	(TLS, ["--listen", "127.0.0.1:{p}", "--web-config", "web.yml", "--ready"], {}, 0, "ready\n"),
	(TLS, ["--listen", "127.0.0.1:{p}"], {}, 0, "healthy\n"),  # nobody said that it speaks TLS
	(TLS, ["-c", "tocsin.yml", "--ca-file", "ca.pem"], {}, 0, "healthy\n"),
	(TLS, ["-c", "tocsin.yml", "--ca-file", "other.pem"], {}, 3, "certificate"),
	(TLS, ["-c", "tocsin.yml", "--ca-file", "ca.pem", "--server-name", "other.example"], {}, 3, "other.example"),
	(MUTUAL, ["-c", "tocsin.yml"], {}, 3, "/-/healthy: "),
	(MUTUAL, ["-c", "tocsin.yml", "--cert-file", "client.pem", "--key-file", "client.key"], {}, 0, "healthy\n"),
	(USERS, ["-c", "tocsin.yml"], {}, 0, "healthy\n"),
	(USERS, ["-c", "tocsin.yml", "--ready"], {}, 1, "a password is wanted"),
	(USERS, ["-c", "tocsin.yml", "--ready"], ANN, 0, "ready\n"),
	(USERS, ["-c", "tocsin.yml", "-r", "--username", "ann", "--password-file", "password"], {}, 0, "ready\n"),
	(USERS, ["-c", "tocsin.yml"], {**ANN, "TOCSIN_HEALTH_PASSWORD": "hunter2"}, 1, "not let in"),
	(TLS + USERS, ["-c", "tocsin.yml", "--ready", "--ca-file", "ca.pem"], ANN, 0, "ready\n"),
]
# what is wrong before anybody is asked
WRONG = [
	(["--listen", ""], 2, "listens nowhere"), (["--listen", "127.0.0.1:0"], 2, "--listen"), (["--listen", "x"], 2, "not an address"),
	(["--timeout", "soon"], 2, "--timeout soon"), (["--timeout", "0s"], 2, "above zero"), (["word"], 2, "word"),
	(["--key-file", "client.key"], 2, "cert"), (["--password", "x"], 2, "--password"),
]


def expect(what, got, wanted):
	if got != wanted:
		sys.exit(f"{what}: got {got!r}, expected {wanted!r}")
	print("ok:", what, flush=True)


def health(folder, arguments, environment, port):
	done = subprocess.run([TOCSIN, "health", *(a.format(p=port) for a in arguments)], cwd=folder, capture_output=True, text=True,
						  timeout=30, env={**ENVIRONMENT, **{k: v.format(p=port) for k, v in environment.items()}})
	return done.returncode, done.stdout if done.returncode == 0 else done.stderr, done.stdout + done.stderr


def write(folder, name, text):
	with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
		file.write(text)


class Run:
	"""`tocsin run` with a web configuration, ready."""

	def __init__(self, folder, web, peer):
		write(folder, "web.yml", web)
		url = f"http://127.0.0.1:{peer.port}"
		self.process = subprocess.Popen(
			[TOCSIN, "run", "--prometheus", url, "--alertmanager", url, "--rules", "rules.yml", "--interval", "100ms", "--listen",
			 "127.0.0.1:0", "--drain-timeout", "0s", "--web-config", "web.yml", "--log-level", "debug"],
			stderr=subprocess.PIPE, cwd=folder, env=ENVIRONMENT, text=True)
		for line in self.process.stderr:
			found = re.search(r"API is on https?://127.0.0.1:(\d+)", line)
			if found:
				self.port = int(found.group(1))
				break
		else:
			sys.exit("tocsin did not start")

	def end(self):
		self.process.terminate()
		self.process.stderr.close()
		self.process.wait(20)


def check_cases(folder, peer):
	for web in dict.fromkeys(case[0] for case in CASES):
		t = Run(folder, web, peer)
		try:
			write(folder, "tocsin.yml", f"listen: 127.0.0.1:{t.port}\nweb: {{config_file: web.yml}}\n")
			write(folder, "bad.yml", f"listen: 127.0.0.1:{t.port}\nnonesuch: 1\n")
			wait_ready(folder, t.port)
			for _, arguments, environment, code, said in (case for case in CASES if case[0] == web):
				got, text, both = health(folder, arguments, environment, t.port)
				what = f"{' '.join(web.split()[:1])} health {' '.join(arguments)} {' '.join(environment)}"
				if (text != said if code == 0 else said not in text):
					sys.exit(f"{what}: said {text!r}, expected {said!r}")
				expect(what, got, code)
				expect("  shows no password", "hunter2" in both or "secret" in both, False)
		finally:
			t.end()


def wait_ready(folder, port):
	"""A first evaluation."""
	end = time.monotonic() + 20
	arguments = ["-c", "tocsin.yml", "--ready", "--cert-file", "client.pem", "--key-file", "client.key"]
	while health(folder, arguments, ANN, port)[0] != 0:
		if time.monotonic() > end:
			sys.exit(f"never ready: {health(folder, arguments, ANN, port)}")
		time.sleep(0.05)


class Silent:
	"""A Prometheus that takes connections and answers nothing."""

	def __init__(self):
		self.socket = socket.create_server(("127.0.0.1", 0))
		self.port = self.socket.getsockname()[1]


def check_not_ready(folder):
	silent = Silent()
	t = Run(folder, "", silent)
	try:
		arguments = ["--listen", "127.0.0.1:{p}"]
		expect("before an evaluation: healthy", health(folder, arguments, {}, t.port)[:2], (0, "healthy\n"))
		code, said, _ = health(folder, [*arguments, "--ready"], {}, t.port)
		expect("  but not ready", (code, "503: tocsin is not ready: " in said), (1, True))
	finally:
		t.end()
		silent.socket.close()


def check_nobody(folder):
	silent = Silent()  # stands for a tocsin whose loop hangs
	code, said, _ = health(folder, ["--listen", "127.0.0.1:{p}", "--timeout", "100ms"], {}, silent.port)
	expect("no answer", (code, "no answer within 100ms" in said), (3, True))
	silent.socket.close()
	code, said, _ = health(folder, ["--listen", "127.0.0.1:{p}"], {}, silent.port)
	expect("nobody there", (code, "connection refused" in said), (3, True))
	peer = Peer()
	code, said, _ = health(folder, ["--listen", "127.0.0.1:{p}"], {}, peer.port)
	expect("somebody else", code, 1)
	peer.close()
	for arguments, wanted, words in WRONG:
		code, said, _ = health(folder, arguments, {}, 1)
		expect(f"health {' '.join(arguments)}", (code, words in said), (wanted, True))
	code, said, _ = health(folder, ["--help"], {}, 1)
	expect("health --help", (code, "--ready" in said and "TOCSIN_HEALTH_PASSWORD" in said), (0, True))


def main():
	folder = tempfile.mkdtemp(prefix="tocsin-test-")
	peer = Peer()
	try:
		certificates = Certificates(folder)
		for name in ("ca", "other"):
			certificates.authority(name)
		certificates.issue("server", "ca", "server", LOCAL)
		certificates.issue("client", "ca", "client")
		write(folder, "password", "secret\n")
		write(folder, "rules.yml", "groups: [{name: g, rules: [{alert: Up, expr: up == 1}]}]\n")
		check_cases(folder, peer)
		check_not_ready(folder)
		check_nobody(folder)
	finally:
		peer.close()
		shutil.rmtree(folder, ignore_errors=True)


main()
