"""`tocsin run` as a process: exit codes, signals, the environment. Argument: the program."""
import atexit
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TOCSIN = os.path.abspath(sys.argv[1])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
GOOD = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n"
BAD = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: rate(up)\n"


def unused_address():
	"""Where nobody listens: bound, so that nobody else gets it, as long as the socket lives."""
	taken = socket.socket()
	taken.bind(("127.0.0.1", 0))
	return taken, "http://127.0.0.1:%d" % taken.getsockname()[1]


class Tocsin:
	"""A process that runs, and what it logged so far."""

	def __init__(self, folder, peers, *arguments, **environment):
		self.process = subprocess.Popen(
			[TOCSIN, "run", "--prometheus", peers, "--alertmanager", peers, "--listen", "127.0.0.1:0", *arguments],
			stderr=subprocess.PIPE, cwd=folder, env={**ENVIRONMENT, **environment}, text=True)
		atexit.register(self.process.kill)  # a test that fails leaves nobody behind
		self.lines = []

	def wait_for(self, text):
		for line in self.process.stderr:
			self.lines.append(line)
			if text in line:
				return line
		sys.exit(f"never logged: {text}\n{''.join(self.lines)}")

	def port(self):
		return int(re.search(r"API is on http://127.0.0.1:(\d+)", self.wait_for("API is on ")).group(1))

	def end(self, *signals):
		for number in signals:
			self.process.send_signal(number)
			time.sleep(0.05)
		self.lines += self.process.stderr.readlines()
		return self.process.wait(20)


def ask(port, path, method="GET"):
	request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
	try:
		with urllib.request.urlopen(request, timeout=10) as answer:
			return answer.status, answer.read().decode()
	except urllib.error.HTTPError as error:
		return error.code, error.read().decode()


def call(arguments, folder, **environment):
	return subprocess.run([TOCSIN, *arguments], cwd=folder, env={**ENVIRONMENT, **environment}, capture_output=True,
						  text=True, timeout=20)


def expect(what, got, wanted):
	if got != wanted:
		sys.exit(f"{what}: got {got!r}, expected {wanted!r}")
	print("ok:", what)


def check_exit_codes(folder, taken_address):
	cases = [
		(["--rules", "bad.yml"], {}, 1, "bad.yml:5:16: error: "),
		(["-c", "bad.conf"], {}, 1, "bad.conf:1:1: error: "),
		(["--rules", "none.yml"], {}, 3, "none.yml: no such file or directory"),
		(["-c", "none.conf"], {}, 3, "none.conf: no such file or directory"),
		(["--interval", "5 parsecs"], {}, 2, "--interval"),
		([], {"TOCSIN_INTERVAL": "5 parsecs"}, 2, "TOCSIN_INTERVAL"),
		(["--nonesuch"], {}, 2, "nonesuch"),
		(["word"], {}, 2, "word"),
		(["--listen", "nowhere"], {}, 2, "--listen"),
		(["--listen", taken_address], {}, 3, f"cannot listen on {taken_address}: address already in use"),
	]
	for arguments, environment, code, message in cases:
		run = subprocess.run([TOCSIN, "run", *arguments], cwd=folder, env={**ENVIRONMENT, **environment},
							 capture_output=True, text=True, timeout=20)
		expect(f"run {' '.join(arguments)} {environment or ''}", run.returncode, code)
		expect(f"  says {message}", message in run.stderr, True)
		expect("  and nothing on stdout", run.stdout, "")
	run = subprocess.run([TOCSIN, "run", "--help"], capture_output=True, text=True, timeout=20)
	expect("run --help", (run.returncode, run.stderr), (0, ""))
	expect("  lists a setting", "--prometheus URL" in run.stdout and "TOCSIN_PROMETHEUS" in run.stdout, True)


def check_variables(folder, taken_address):
	"""A mistyped variable is no setting, and is not passed over in silence; those of other commands and of Kubernetes' Services are."""
	environment = {"TOCSIN_ALERTMANAGERS": "hunter2", "TOCSIN_HEALTH_TIMEOUT": "1s", "TOCSIN_LISTEN": taken_address,
				   "TOCSIN_SERVICE_HOST": "10.0.0.1", "TOCSIN_SERVICE_PORT": "9099", "TOCSIN_SERVICE_PORT_HTTP": "9099",
				   "TOCSIN_PORT": "tcp://10.0.0.1:9099", "TOCSIN_PORT_9099_TCP_ADDR": "10.0.0.1", "TOCSINS": "1"}
	run = call(["run"], folder, **environment)
	expect("a mistyped variable", run.stderr.splitlines()[:-1],
		   ["tocsin run: warning: there is no variable TOCSIN_ALERTMANAGERS, it counts for nothing"])
	expect("  and nothing else", "cannot listen on" in run.stderr.splitlines()[-1], True)


def check_secrets(folder, peers):
	"""A password in a URL is refused, and never shown."""
	url = "http://me:hunter2@x:9090"
	with open(f"{folder}/secret.conf", "w", encoding="utf-8") as file:
		file.write(f"prometheus: {{url: '{url}', nonesuch: 1}}\nalertmanagers: ['me:hunter2@x', 'http://x?token=hunter2']\n")
	cases = [
		(["run", "--external-url", url], {}, 2), (["run"], {"TOCSIN_ALERTMANAGER": url}, 2),
		(["run", "--prometheus", "me:hunter2@x:9090"], {}, 2), (["run", "--prometheus", "http://x?token=hunter2"], {}, 2),
		(["run", "--prometheus", "HTTP://me:hunter2@x"], {}, 2), (["run", url], {}, 2), (["run", "--nonesuch=" + url], {}, 2),
		(["query", "--prometheus", url, "up"], {}, 2), (["run", "-c", "secret.conf"], {}, 1), (["check", "secret.conf"], {}, 1),
	]
	for arguments, environment, code in cases:
		run = call(arguments, folder, **environment)
		what = " ".join(arguments).replace("hunter2", "…")
		expect(f"{what} {list(environment)}", run.returncode, code)
		expect("  shows no password", "hunter2" in run.stdout + run.stderr or not run.stderr, False)
	with open(f"{folder}/live.conf", "w", encoding="utf-8") as file:
		file.write("lookback: 5m\n")
	t = Tocsin(folder, peers, "-c", "live.conf", "--web-lifecycle")
	port = t.port()
	shutil.copy(folder + "/secret.conf", folder + "/live.conf")
	status, body = ask(port, "/-/reload", "POST")
	expect("POST /-/reload of it", (status, "hunter2" in body, "^" in body, "live.conf:1:" in body), (500, False, False, True))
	t.end(signal.SIGTERM)
	expect("  nor in the log", "hunter2" in "".join(t.lines), False)


def check_closed_descriptors(folder, peers):
	for closing in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
		command = f'exec "$0" run --prometheus {peers} --alertmanager {peers} --listen "" --drain-timeout 0s {closing}'
		process = subprocess.Popen(["sh", "-c", command, TOCSIN], cwd=folder, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
		time.sleep(0.5)
		process.terminate()
		expect(f"run {closing}", process.wait(20), 0)


def check_words(folder, peers):
	"""What is said to somebody who is lost."""
	run = call(["query", "-2^2"], folder)
	expect("an expression that begins with a minus", (run.returncode, "-- '-2^2'" in run.stderr), (2, True))
	expect("  or is a name", "-- '-up'" in call(["query", "-up"], folder).stderr, True)
	pipe = f"(sleep 0.2; {TOCSIN} presets generic) | {TOCSIN} check -"
	run = subprocess.run(pipe, shell=True, capture_output=True, text=True, cwd=folder, timeout=20)
	expect("check waits for its standard input", (run.returncode, "3 rules" in run.stdout), (0, True))
	manifest = "apiVersion: v1\nkind: PrometheusRule\nspec: {groups: [{name: a, rules: [{alert: A, expr: up}]}]}\n"
	with open(os.path.join(folder, "manifest.yml"), "w", encoding="utf-8") as f:
		f.write(manifest)
	run = call(["check", "manifest.yml"], folder)
	expect("check takes a manifest for rules", (run.returncode, run.stdout), (0, "manifest.yml: good, 1 rule in 1 group\n"))
	run = call(["query", "--json", "sum("], folder)
	expect("query --json of what does not parse", (run.returncode, json.loads(run.stdout)["errorType"]), (1, "bad_data"))
	expect("the words of its error", json.loads(run.stdout)["error"][:43], 'invalid parameter "query": 1:5: parse error')
	run = call(["query", "--json", "--prometheus", peers, 'label_replace(vector(1), "a", "b", "c", "(")'], folder)
	expect("query --json of what cannot be evaluated", (run.returncode, json.loads(run.stdout)["status"]), (1, "error"))
	run = call(["query", "--json", "--prometheus", peers, "up"], folder)
	expect("query of nobody", (run.returncode, run.stdout), (3, ""))
	run = call(["query", "--prometheus", peers, "vector(1) > 2"], folder)
	expect("query with no result", (run.returncode, run.stderr), (0, ""))
	helped, asked = call(["run", "--help"], folder), call(["help", "run"], folder)
	expect("help run", asked.stdout, helped.stdout)
	t = subprocess.Popen([TOCSIN, "run", "--prometheus", peers, "--alertmanager", peers], cwd=folder, stderr=subprocess.PIPE,
						 env={**ENVIRONMENT, "TOCSIN_LISTEN": ""}, text=True)
	line = t.stderr.readline()
	t.terminate()
	t.communicate(timeout=20)
	t = Tocsin(folder, peers, "--rules", "good.yml")
	port = t.port()
	expect("who is asked and told", f"asks {peers}, tells {peers}; 1 rule in 1 group: good.yml" in t.wait_for("asks"), True)
	t.end(signal.SIGTERM)
	lines = []
	for shard in ("0/3", "1/3", "2/3"):
		t = Tocsin(folder, peers, "--rules", "good.yml", "--shard", shard)
		t.wait_for("rules loaded")
		t.end(signal.SIGTERM)
		lines += [line for line in t.lines if "nothing is evaluated" in line]
	expect("a shard without a group is nothing to warn of",
		   (len(lines), all("level=info" in line and "no group belongs to this shard" in line for line in lines)), (2, True))
	with open(f"{folder}/files.conf", "w", encoding="utf-8") as file:
		file.write("rule_files: [nope.yml]\n")
	run = call(["run", "-c", "files.conf"], folder)
	expect("a rule file that is not there", (run.returncode, "files.conf:1:14: error: nope.yml: no such" in run.stderr), (3, True))
	with open(f"{folder}/files.conf", "w", encoding="utf-8") as file:
		file.write("rule_files: ['nope*.yml']\n")
	run = call(["check", "files.conf"], folder)
	expect("check of a pattern that matches nothing", "warning: no rule file matches" in run.stderr, True)
	run = call(["run", "--rules", "nope.yml"], folder)
	expect("  from an option", run.stderr.startswith("tocsin run: error: nope.yml: no such"), True)
	expect("an empty TOCSIN_LISTEN", ("started" in line, "API" in line), (True, False))


def check_signals(folder, peers):
	shutil.copy(folder + "/good.yml", folder + "/rules.yml")
	t = Tocsin(folder, peers, "--rules", "rules.yml", "--interval", "100ms", TOCSIN_LOG_FORMAT="json", TOCSIN_WEB_LIFECYCLE="true")
	port = t.port()
	expect("GET /-/healthy", ask(port, "/-/healthy")[0], 200)
	expect("metrics of the process", "\nprocess_cpu_seconds_total " in ask(port, "/metrics")[1], True)
	t.wait_for("connection refused")
	shutil.copy(folder + "/bad.yml", folder + "/rules.yml")
	t.process.send_signal(signal.SIGHUP)
	t.wait_for("reloaded in part: bad rule files were passed over")
	expect("the old rules run on", '"name":"A"' in ask(port, "/api/v1/rules")[1], True)
	expect("POST /-/reload with bad rules", ask(port, "/-/reload", "POST")[0], 500)
	shutil.copy(folder + "/good.yml", folder + "/rules.yml")
	t.process.send_signal(signal.SIGHUP)
	t.wait_for('"reloaded"')
	expect("GET /-/reload", ask(port, "/-/reload")[0], 405)
	expect("SIGTERM", t.end(signal.SIGTERM), 0)
	for line in t.lines:
		if not {"time", "level", "msg"} <= set(json.loads(line)):
			sys.exit(f"not a line of the log: {line}")
	print("ok: every line is JSON")
	t = Tocsin(folder, peers)
	status, body = ask(t.port(), "/-/reload", "POST")
	expect("POST /-/reload that nobody allowed", (status, body.startswith("Lifecycle API is not enabled.")), (403, True))
	expect("SIGINT, twice", t.end(signal.SIGINT, signal.SIGINT), 0)


class Answering:
	"""A server that has one answer for everybody."""

	def __init__(self, body):
		class Page(http.server.BaseHTTPRequestHandler):
			def do_POST(self):
				self.rfile.read(int(self.headers["Content-Length"]))
				self.send_response(200)
				self.end_headers()
				self.wfile.write(body)

			def log_message(self, *_):
				pass

		self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
		threading.Thread(target=self.server.serve_forever, daemon=True).start()
		self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


def check_login_page(folder):
	"""A page with status 200 is no answer, in whatever form one is wanted."""
	page = Answering(b"<html>login</html>")
	for arguments in (["--eval", "remote", "--json"], ["--eval", "remote"], ["--eval", "local", "--json"]):
		run = call(["query", "--prometheus", page.url, *arguments, "up"], folder)
		expect(f"query {arguments} of a page", (run.returncode, "<html>login" in run.stdout), (3, False))
	page.server.shutdown()


def check_partial_answers(folder):
	"""What a server says is not whole is a failure, unless that was allowed; then it is told."""
	answer = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"a": "b"}, "value": [1, "1"]}]},
			  "warnings": ["store-7 is away"]}
	server = Answering(json.dumps(answer).encode())
	for where in ("local", "remote"):
		command = ["query", "--prometheus", server.url, "--eval", where, "--time", "1", "m"]
		run = call(command, folder)
		expect(f"{where} query, a store is away", (run.returncode, run.stdout), (3, ""))
		expect("  says so", "the answer is partial: store-7 is away" in run.stderr, True)
		run = call([*command[:-1], "--allow-partial-answers", "m"], folder)
		expect("  and if it may be", (run.returncode, run.stderr), (0, "tocsin query: store-7 is away\n"))
		run = call([*command[:-1], "--json", "m"], folder, TOCSIN_ALLOW_PARTIAL_ANSWERS="true")
		expect("  as JSON", (run.returncode, json.loads(run.stdout)["warnings"]), (0, ["store-7 is away"]))
	t = Tocsin(folder, server.url, "--rules", "good.yml", "--interval", "1s")
	t.wait_for("the answer is partial: store-7 is away (prometheus.allow_partial_answers)")
	t.end(signal.SIGTERM, signal.SIGTERM)
	t = Tocsin(folder, server.url, "--rules", "good.yml", "--allow-partial-answers", "--interval", "1s")
	port, counted = t.port(), 0
	end = time.monotonic() + 20
	while counted == 0 and time.monotonic() < end:
		counted = int(re.search(r"\ntocsin_fetch_partial_total (\d+)\n", ask(port, "/metrics")[1])[1])
		time.sleep(0.1)
	expect("what was taken is counted", counted > 0, True)
	t.end(signal.SIGTERM, signal.SIGTERM)
	server.server.shutdown()


def main():
	folder = tempfile.mkdtemp(prefix="tocsin-test-")
	taken, peers = unused_address()
	try:
		for name, text in (("good.yml", GOOD), ("bad.yml", BAD), ("bad.conf", "nonesuch: 1\n")):
			with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
				file.write(text)
		check_exit_codes(folder, peers.removeprefix("http://"))
		check_variables(folder, peers.removeprefix("http://"))
		check_secrets(folder, peers)
		check_closed_descriptors(folder, peers)
		check_words(folder, peers)
		check_login_page(folder)
		check_partial_answers(folder)
		check_signals(folder, peers)
	finally:
		taken.close()
		shutil.rmtree(folder)


main()
