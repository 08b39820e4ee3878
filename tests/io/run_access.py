"""How tocsin gets into the servers that it asks and tells: TLS in all its moods, names and passwords, headers, proxies, redirects;
and that no secret is ever shown. Argument: the program."""
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

from tls_peer import Certificates, ConnectProxy, Peer, basic, server_context

TOCSIN = os.path.abspath(sys.argv[1])
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_") and not k.lower().endswith("_proxy")}
LOCAL = "DNS:localhost,IP:127.0.0.1"
RULES = "groups: [{name: g, rules: [{alert: Up, expr: up == 1}]}]\n"
# what no output may have: passwords and tokens here begin with hunter
SECRETS = ["hunter", basic("alice", "hunter2")[8:], basic("bob", "hunter3")[8:], basic("me", "hunter2")[8:], "BEGIN PRIVATE"]
shown = []  # everything that any tocsin said


def expect(what, got, wanted):
	if got != wanted:
		sys.exit(f"{what}: got {got!r}, expected {wanted!r}")
	print("ok:", what)


def expect_in(what, text, wanted):
	if wanted not in text:
		sys.exit(f"{what}: expected {wanted!r} in {text!r}")
	print("ok:", what)


def call(*arguments, **environment):
	run = subprocess.run([TOCSIN, *arguments], env={**ENVIRONMENT, **environment}, capture_output=True, text=True, timeout=30)
	shown.extend([run.stdout, run.stderr])
	return run


def query(url, *options, **environment):
	"""What it says on stderr; "" when it had an answer."""
	run = call("query", "--prometheus", url, "--time", "1000", *options, "up", **environment)
	if (run.returncode == 0) != ("VALUE" in run.stdout):
		sys.exit(f"exit {run.returncode} and: {run.stdout}{run.stderr}")
	return run.stderr


class Run:
	"""`tocsin run` with a configuration, every 100 ms."""

	def __init__(self, folder, config, *options, **environment):
		self.path = os.path.join(folder, "tocsin.yml")
		self.write(config)
		self.process = subprocess.Popen(
			[TOCSIN, "run", "-c", self.path, "--rules", os.path.join(folder, "rules.yml"), "--interval", "100ms",
			 "--listen", "127.0.0.1:0", "--log-level", "debug", "--drain-timeout", "0s", *options],
			stderr=subprocess.PIPE, env={**ENVIRONMENT, **environment}, text=True)
		self.said = []
		self.port = None
		while self.port is None:
			line = self.process.stderr.readline()
			self.said.append(line)
			if not line:
				sys.exit("did not start: " + "".join(self.said))
			found = re.search(r"API is on http://127.0.0.1:(\d+)", line)
			self.port = found.group(1) if found else None

	def write(self, config):
		with open(self.path, "w", encoding="utf-8") as file:
			file.write(config)

	def get(self, path):
		with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
			text = answer.read().decode()
		shown.append(text)
		return text

	def rule(self):
		return json.loads(self.get("/api/v1/rules"))["data"]["groups"][0]["rules"][0]

	def wait(self, what, condition):
		for _ in range(400):
			if condition():
				print("ok:", what)
				return
			time.sleep(0.05)
		self.end()
		sys.exit(f"never: {what}\n{''.join(self.said)}")

	def wait_error(self, text):
		self.wait(f"the rule says: {text}", lambda: text in self.rule().get("lastError", ""))

	def wait_well(self):
		self.wait("the rule is well", lambda: self.rule()["health"] == "ok")

	def end(self):
		for path in ("/api/v1/rules", "/api/v1/alerts", "/api/v1/alertmanagers", "/metrics", "/"):
			self.get(path)
		self.process.send_signal(signal.SIGTERM)
		self.said += self.process.stderr.readlines()
		shown.extend(self.said)
		return self.process.wait(20)


# ---- TLS ----

UNKNOWN_CA = "is from an unknown CA (tls_config: ca_file)"
SERVERS = [  # certificate, options, what goes wrong
	("server", ["ca"], ""),
	("server", [], UNKNOWN_CA),
	("server", ["other-ca"], UNKNOWN_CA),
	("server", ["skip"], ""),
	("foreign", ["ca"], UNKNOWN_CA),
	("foreign", ["both-ca"], ""),
	("alone", ["ca"], "is signed by itself, and nobody said that it can be trusted"),
	("alone", ["alone"], ""),
	("expired", ["ca"], "the server's certificate has expired"),
	("expired", ["skip"], ""),
	("early", ["ca"], "the server's certificate is not valid yet; is the clock of this machine right?"),
	("elsewhere", ["ca"], "the server's certificate is not for \"127.0.0.1\" (tls_config: server_name)"),
	("elsewhere", ["ca", "name"], ""),
	("server", ["ca", "name"], "the server's certificate is not for \"prom.example\" (tls_config: server_name)"),
]


def options_of(certificates, words):
	options = []
	for word in words:
		if word == "skip":
			options += ["--prometheus-insecure-skip-verify"]
		elif word == "name":
			options += ["--prometheus-server-name", "prom.example"]
		else:
			options += ["--prometheus-ca-file", certificates.path(word + ".pem")]
	return options


def check_servers(certificates):
	for name, words, wrong in SERVERS:
		peer = Peer(server_context(certificates, name))
		said = query(f"https://127.0.0.1:{peer.port}", *options_of(certificates, words))
		expect_in(f"{name} with {words}", said or "well", wrong or "well")
		expect("  asks as the URL says", [s["headers"]["Host"] for s in peer.seen],
			   [] if wrong else [f"127.0.0.1:{peer.port}"])
		peer.close()


def client(certificates, name, key=None):
	return ["--prometheus-ca-file", certificates.path("ca.pem"), "--prometheus-cert-file", certificates.path(name + ".pem"),
			"--prometheus-key-file", certificates.path((key or name) + ".key")]


def check_clients(certificates):
	"""TLS 1.2 says what is wrong in the handshake; TLS 1.3 later, and the words may be lost with the connection."""
	for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
		peer = Peer(server_context(certificates, "server", "ca", (version, version)))
		url = f"https://127.0.0.1:{peer.port}"
		expect(f"{version.name}: a client certificate", query(url, *client(certificates, "alice")), "")
		expect("  arrives", peer.seen[-1]["certificate"], "alice")
		expect_in("  none", query(url, *client(certificates, "alice")[:2]), "client certificate (tls_config: cert_file, key_file)")
		expect_in("  from another CA", query(url, *client(certificates, "mallory")), "client certificate")
		expect_in("  expired", query(url, *client(certificates, "late")), "client certificate")
		expect("  and nothing of these arrives", len(peer.seen), 1)
		said = query(url, *client(certificates, "alice", "mallory"))
		expect_in("  with another's key", said, "alice.pem: the client certificate or its key cannot be used, or they do not belong")
		peer.close()


def check_files(certificates):
	"""What is wrong with a file is said with its name, and never asked of the terminal."""
	peer = Peer(server_context(certificates, "server"))
	url = f"https://127.0.0.1:{peer.port}"
	certificates.openssl("ec", "-in", "alice.key", "-aes128", "-passout", "pass:hunter2", "-out", "locked.key")
	for name, text in (("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), ("empty", " \n"),
					   ("two-lines", "hunter2\nX: y\n"), ("large", "x" * ((1 << 20) + 1))):
		with open(certificates.path(name), "w", encoding="utf-8") as file:
			file.write(text)
	cases = [
		(["--prometheus-ca-file", "nowhere.pem"], "nowhere.pem: no such file or directory"),
		(["--prometheus-ca-file", certificates.folder], ": is a directory"),
		(["--prometheus-ca-file", certificates.path("alice.key")], "alice.key: there is no certificate in PEM format in it"),
		(["--prometheus-ca-file", certificates.path("broken.pem")], "broken.pem: the CA certificates cannot be used: "),
		(client(certificates, "alice", "ca.pem/.."), ": not a directory"),
		(client(certificates, "alice", "locked"), "locked.key: the key is encrypted, and there is no way to give its passphrase"),
		(["--prometheus-username", "a", "--prometheus-password-file", certificates.path("empty")], "empty: the file is empty"),
		(["--prometheus-bearer-token-file", certificates.path("two-lines")], "two-lines: the file has more than one line"),
		(["--prometheus-bearer-token-file", certificates.path("large")], "large: the file is larger than 1 MiB"),
	]
	for options, wrong in cases:
		expect_in(wrong, query(url, *options), wrong)
	expect("nothing was sent", peer.seen, [])
	peer.close()
	plain = Peer()
	expect_in("TLS to a port without", query(f"https://127.0.0.1:{plain.port}"), "does not speak TLS on this port; is it http://?")
	plain.close()


def check_versions(certificates, folder):
	"""Only in the file."""
	peer = Peer(server_context(certificates, "server", None, (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)))
	t = Run(folder, f"""
prometheus:
  url: https://127.0.0.1:{peer.port}
  tls_config: {{ca_file: ca.pem, min_version: TLS13}}
alertmanagers: []
""")
	t.wait_error("the server offers no TLS version that is allowed here (tls_config: min_version, max_version)")
	t.end()
	peer.close()


# ---- names and passwords ----

def check_identities(certificates):
	"""By flags, files and variables."""
	for name, text in (("password", "hunter2\n"), ("token", "hunter3\n")):
		with open(certificates.path(name), "w", encoding="utf-8") as file:
			file.write(text)
	by_password, by_token = basic("alice", "hunter2"), "Bearer hunter3"
	cases = [
		(["--prometheus-username", "alice", "--prometheus-password-file", certificates.path("password")], {}, by_password),
		(["--prometheus-username", "alice"], {"TOCSIN_PROMETHEUS_PASSWORD": "hunter2"}, by_password),
		([], {"TOCSIN_PROMETHEUS_USERNAME": "alice", "TOCSIN_PROMETHEUS_PASSWORD": "hunter2"}, by_password),
		(["--prometheus-username", "alice", "--prometheus-password-file", certificates.path("password")],
		 {"TOCSIN_PROMETHEUS_USERNAME": "bob"}, by_password),
		(["--prometheus-bearer-token-file", certificates.path("token")], {}, by_token),
		([], {"TOCSIN_PROMETHEUS_BEARER_TOKEN": "hunter3", "TOCSIN_PROMETHEUS_USERNAME": ""}, by_token),
	]
	for options, environment, value in cases:
		peer = Peer(wants={"Authorization": value})
		what = f"{[o for o in options if o.startswith('--')]} {list(environment)}"
		expect(what, query(f"http://127.0.0.1:{peer.port}/prometheus", *options, **environment), "")
		expect("  below the path", peer.seen[-1]["path"], "/prometheus/api/v1/query")
		peer.close()
	peer = Peer(wants={"Authorization": by_password})
	said = query(f"http://127.0.0.1:{peer.port}", "--prometheus-username", "alice", TOCSIN_PROMETHEUS_PASSWORD="hunter4")
	expect_in("a wrong password", said, 'HTTP status 401: "who are you"')
	peer.close()
	peer = Peer(wants={"X-Scope-OrgID": "team-a", "X-B": ["1", "2"]})
	headers = ["--prometheus-header", "X-Scope-OrgID=team-a", "--prometheus-header", "X-B=1", "--prometheus-header", "X-B=2"]
	expect("headers", query(f"http://127.0.0.1:{peer.port}", *headers), "")
	said = query(f"http://127.0.0.1:{peer.port}", TOCSIN_PROMETHEUS_HEADER="X-Scope-OrgID=team-a, X-B=1, X-B=2")
	expect("headers from a variable", said, "")
	peer.close()


def check_misuse():
	cases = [
		(["--prometheus-username", "a", "--prometheus-bearer-token-file", "x"], {}, 2, "at most one of basic_auth, oauth2 & authorization"),
		(["--prometheus-password-file", "x"], {"TOCSIN_PROMETHEUS_PASSWORD": "hunter2"}, 2, "at most one of basic_auth password & password_file"),
		(["--prometheus-header", "Authorization=Bearer hunter2"], {}, 2, 'setting header "Authorization" is not allowed'),
		([], {"TOCSIN_PROMETHEUS_HEADER": "X-A: hunter2"}, 2, "expected NAME=VALUE"),
		(["--prometheus-password", "hunter2"], {}, 2, "--prometheus-password"),
		(["--prometheus-bearer-token=hunter2"], {}, 2, "--prometheus-bearer-token"),
		([], {"TOCSIN_PROMETHEUS_INSECURE_SKIP_VERIFY": "perhaps"}, 2, "neither true nor false"),
	]
	for options, environment, code, words in cases:
		for command in (["query", "up"], ["run"]):
			run = call(command[0], *options, *command[1:], **environment)
			expect(f"{command[0]} {options[:1]} {list(environment)}", run.returncode, code)
			expect_in("  says why", run.stderr, words)
	run = call("run", "--alertmanager-username", "a", TOCSIN_ALERTMANAGER_BEARER_TOKEN="hunter2")
	expect_in("for Alertmanager too", run.stderr, "tocsin run: error: alertmanagers: at most one of")
	help_text = call("run", "--help").stdout
	for variable in ("TOCSIN_PROMETHEUS_PASSWORD", "TOCSIN_ALERTMANAGER_BEARER_TOKEN", "TOCSIN_ALERTMANAGER_CA_FILE"):
		expect_in(f"--help has {variable}", help_text, f"[{variable}]")


# ---- the whole file ----

def indent(text):
	return "".join("      " + line + "\n" for line in text.splitlines())


def check_file(certificates, folder):
	"""Everything at once, texts in the file itself, Alertmanagers in the keys of prometheus.yml."""
	wants = {"Authorization": "GenieKey hunter2", "X-A": ["1", "hunter3", "hunter4"], "X-Empty": ""}
	prometheus = Peer(server_context(certificates, "server", "ca"), wants)
	alertmanager = Peer(server_context(certificates, "elsewhere"), {"Authorization": basic("bob", "hunter5")})
	with open(os.path.join(folder, "header"), "w", encoding="utf-8") as file:
		file.write("hunter4\n")
	with open(os.path.join(folder, "name"), "w", encoding="utf-8") as file:
		file.write("bob\n")
	config = f"""
prometheus:
  url: https://127.0.0.1:{prometheus.port}/prom/
  authorization: {{type: GenieKey, credentials: hunter2}}
  http_headers:
    X-A: {{values: ["1"], secrets: [hunter3], files: [header]}}
    X-Empty: {{values: [""]}}
  enable_http2: true
  tls_config:
    ca: |
{indent(certificates.read("ca.pem"))}
    cert: |
{indent(certificates.read("alice.pem"))}
    key: |
{indent(certificates.read("alice.key"))}
alertmanagers:
  - scheme: https
    path_prefix: am
    api_version: v2
    static_configs: [{{targets: ["127.0.0.1:{alertmanager.port}"]}}]
    basic_auth: {{username_file: name, password: hunter5}}
    tls_config: {{ca_file: ca.pem, server_name: prom.example}}
"""
	config += f"""
remote_write:
  url: https://127.0.0.1:{alertmanager.port}/write
  basic_auth: {{username: bob, password: hunter5}}
  headers: {{X-Scope-OrgID: hunter6}}
  tls_config: {{ca_file: ca.pem, server_name: prom.example}}
"""
	t = Run(folder, config)
	SECRETS.extend(certificates.read("alice.key").splitlines()[1:-1])
	t.wait_well()
	t.wait("the alert arrives", lambda: any("endsAt" in s["body"] for s in alertmanager.seen))
	expect("at Prometheus", {(s["path"], s["certificate"]) for s in prometheus.seen}, {("/prom/api/v1/query", "alice")})
	t.wait("what the rules produce is written", lambda: any(s["path"] == "/write" for s in alertmanager.seen))
	expect("at Alertmanager and the database", {(s["path"], s["headers"]["X-Scope-OrgID"]) for s in alertmanager.seen},
		   {("/am/api/v2/alerts", None), ("/write", "hunter6")})
	expect("with each header once", prometheus.seen[0]["headers"].get_all("Content-Type"), ["application/x-www-form-urlencoded"])
	run = call("check", t.path)
	expect("check", (run.returncode, run.stderr), (0, ""))
	os.unlink(os.path.join(folder, "header"))
	run = call("check", t.path)
	expect("check without a file", run.returncode, 0)
	expect_in("  warns", run.stderr, f"tocsin.yml: warning: requests to https://127.0.0.1:{prometheus.port}/prom would fail here: ")
	expect_in("  and names it", run.stderr, f"{folder}/header: no such file or directory")
	t.write(config.replace("remote_write:", "  - {basic_auth: {password:hunter6}}\nremote_write:"))
	run = call("check", t.path)
	expect("check of a bad one", run.returncode, 1)
	t.write(config + "prometheus: [\n")
	run = call("check", t.path)
	expect("check of what is no YAML", run.returncode, 1)
	expect("end", t.end(), 0)
	prometheus.close()
	alertmanager.close()


def check_rotation(certificates, folder):
	"""A password that is exchanged counts at once, without a reload; a file that is gone is a failure that names it."""
	peer = Peer(server_context(certificates, "server"), {"Authorization": basic("alice", "hunter2")})
	path = os.path.join(folder, "rotated")

	def put(text):
		with open(path + ".new", "w", encoding="utf-8") as file:
			file.write(text)
		os.rename(path + ".new", path)

	put("hunter2")
	t = Run(folder, f"""
prometheus:
  url: https://127.0.0.1:{peer.port}
  basic_auth: {{username: alice, password_file: rotated}}
  tls_config: {{ca_file: ca.pem}}
alertmanagers: []
""")
	t.wait_well()
	peer.wants = {"Authorization": basic("alice", "hunter7")}
	t.wait_error("HTTP status 401")
	put("hunter7\n")
	t.wait_well()
	with open(path, "w", encoding="utf-8") as file:  # in place, as long as before
		file.write("hunter8\n")
	t.wait_error("HTTP status 401")
	peer.wants = {"Authorization": basic("alice", "hunter8")}
	t.wait_well()
	os.unlink(path)
	t.wait_error(f"{path}: no such file or directory")
	before = len(peer.seen)
	time.sleep(0.5)
	expect("nothing is sent without it", len(peer.seen), before)
	put("hunter8")
	t.wait_well()
	expect("over kept connections", len({s["connection"] for s in peer.seen}) < len(peer.seen), True)
	peer.wants = {"Authorization": basic("alice", "hunter9")}
	t.wait_error("HTTP status 401")
	with open(t.path, encoding="utf-8") as file:
		config = file.read()
	t.write(config.replace("password_file: rotated", "password: hunter9"))
	t.process.send_signal(signal.SIGHUP)
	t.wait_well()
	# the CA: the connection that is kept was made with the old one
	shutil.copy(certificates.path("ca.pem"), certificates.path("saved.pem"))
	shutil.copy(certificates.path("other-ca.pem"), certificates.path("ca.pem"))
	t.wait_error(UNKNOWN_CA)
	shutil.copy(certificates.path("saved.pem"), certificates.path("ca.pem"))
	t.wait_well()
	t.end()
	peer.close()


def check_no_mixing(certificates, folder):
	"""Three peers behind one address: what belongs to one is never seen by another, though connections are kept."""
	peer = Peer(server_context(certificates, "server", "both-ca"))
	base = f"https://127.0.0.1:{peer.port}"
	t = Run(folder, f"""
prometheus:
  url: {base}/p
  authorization: {{credentials: hunter2}}
  tls_config: {{ca_file: ca.pem, cert_file: alice.pem, key_file: alice.key}}
alertmanagers:
  - url: {base}/a
    basic_auth: {{username: bob, password: hunter3}}
    http_headers: {{X-Scope-OrgID: {{values: [team-a]}}}}
    tls_config: {{insecure_skip_verify: true, cert_file: mallory.pem, key_file: mallory.key}}
  - url: {base}/b
    tls_config: {{ca_file: ca.pem, cert_file: alice.pem, key_file: alice.key}}
  - url: {base}/strict
    tls_config: {{ca_file: other-ca.pem, cert_file: mallory.pem, key_file: mallory.key}}
""", "--resend-delay", "100ms")
	t.wait("all are told again and again", lambda: min(sum(s["path"].startswith(f"/{name}/") for s in peer.seen) for name in "pab") >= 20)
	got = {(s["path"].split("/")[1], s["certificate"], s["headers"]["Authorization"], s["headers"]["X-Scope-OrgID"]) for s in peer.seen}
	expect("each has its own", got, {("p", "alice", "Bearer hunter2", None), ("a", "mallory", basic("bob", "hunter3"), "team-a"),
									 ("b", "alice", None, None)})
	connections = len({s["connection"] for s in peer.seen})
	expect("over few connections", connections < len(peer.seen) / 2, True)
	t.end()
	expect_in("the strict one trusts none of them", "".join(t.said), UNKNOWN_CA)
	peer.close()


def check_proxies(certificates, folder):
	peer = Peer(server_context(certificates, "server"))
	proxy, locked = ConnectProxy(), ConnectProxy(basic("me", "hunter2"))
	config = """
prometheus:
  url: https://127.0.0.1:{peer}
  tls_config: {{ca_file: ca.pem}}
  {proxy}
alertmanagers: []
"""
	cases = [  # what the file says, environment, proxy that is used, what goes wrong
		(f"proxy_url: http://127.0.0.1:{proxy.port}", {}, proxy, ""),
		(f"proxy_url: http://me:hunter2@127.0.0.1:{locked.port}", {}, locked, ""),
		(f"proxy_url: http://127.0.0.1:{locked.port}", {}, locked, "the proxy answered with HTTP status 407: it wants a user name"),
		(f"proxy_url: http://127.0.0.1:{peer.port}\n  no_proxy: 127.0.0.1", {}, None, ""),
		("proxy_from_environment: true", {"https_proxy": f"http://127.0.0.1:{proxy.port}"}, proxy, ""),
		("follow_redirects: false", {"https_proxy": f"http://127.0.0.1:{proxy.port}"}, None, ""),
		("proxy_url: http://no-such-host.invalid:1", {}, None, "cannot resolve the host of the proxy"),
		("proxy_url: http://127.0.0.1:1", {}, None, "no connection to the proxy: connection refused"),
	]
	for line, environment, used, wrong in cases:
		proxy.asked.clear()
		locked.asked.clear()
		t = Run(folder, config.format(peer=peer.port, proxy=line), **environment)
		if wrong:
			t.wait_error(wrong)
		else:
			t.wait_well()
		t.end()
		for one in (proxy, locked):
			expect(f"  {'used' if one is used else 'not used'}", set(one.asked),
				   {f"CONNECT 127.0.0.1:{peer.port} HTTP/1.1"} if one is used else set())
	peer.close()
	proxy.close()
	locked.close()


def check_redirects(certificates, folder):
	other = Peer(server_context(certificates, "server"))

	def answer(path, headers):
		host = headers["Host"]
		to = {"/moved/api/v1/query": f"https://{host}/here/api/v1/query", "/relative/api/v1/query": "/here/api/v1/query",
			  "/away/api/v1/query": f"https://localhost:{other.port}/there/api/v1/query",
			  "/loop/api/v1/query": "/loop/api/v1/query", "/file/api/v1/query": "file:///etc/passwd"}.get(path)
		return (302, {"Location": to}, "moved") if to else None

	peer = Peer(server_context(certificates, "elsewhere"), {"Authorization": basic("alice", "hunter2")}, answer)
	config = """
prometheus:
  url: https://127.0.0.1:{port}/{path}
  basic_auth: {{username: alice, password: hunter2}}
  http_headers: {{X-Key: {{secrets: [hunter3]}}}}
  tls_config: {{ca_file: ca.pem, server_name: prom.example}}
  follow_redirects: {follow}
alertmanagers: []
"""
	cases = [("moved", "true", ""), ("relative", "true", ""), ("away", "true", ""), ("relative", "false", "redirected (302) to "),
			 ("loop", "true", "redirected again and again (302) to "), ("file", "true", "redirected (302) to \"file:///etc/passwd\", which is not followed")]
	for path, follow, wrong in cases:
		peer.seen.clear()
		t = Run(folder, config.format(port=peer.port, path=path, follow=follow))
		if wrong:
			t.wait_error(wrong)
		else:
			t.wait_well()
		t.end()
		bodies = {s["body"].split("=")[0] for s in peer.seen + other.seen}
		expect(f"  {path}: each has the query", bodies, {"query"})
		if path in ("moved", "relative") and not wrong:
			here = [s for s in peer.seen if s["path"].startswith("/here/")]
			expect("  at home with what is ours", {(s["headers"]["X-Key"], s["headers"]["Host"]) for s in here},
				   {("hunter3", f"127.0.0.1:{peer.port}")})
	away = {(s["path"], s["headers"]["Authorization"], s["headers"]["X-Key"], s["headers"]["Host"]) for s in other.seen}
	expect("another server gets nothing that is ours", away, {("/there/api/v1/query", None, None, f"localhost:{other.port}")})
	peer.close()
	other.close()


def check_documentation(folder):
	"""What the reference offers for pasting is taken as it stands."""
	root = os.environ.get("SOURCE_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
	with open(os.path.join(root, "docs/configuration.md"), encoding="utf-8") as file:
		blocks = re.findall(r"```yaml\n(.*?)```", file.read(), re.S)
	expect("examples in the reference", len(blocks) >= 3, True)
	for block in blocks:
		path = os.path.join(folder, "example.yml")
		with open(path, "w", encoding="utf-8") as file:
			file.write(block)
		expect_in(f"  {block.splitlines()[1].strip()} …", call("check", path).stdout, ": good, a configuration")


def make_certificates(folder):
	certificates = Certificates(folder)
	certificates.authority("ca")
	certificates.authority("other-ca")
	with open(certificates.path("both-ca.pem"), "w", encoding="utf-8") as file:
		file.write(certificates.read("ca.pem") + certificates.read("other-ca.pem"))
	certificates.issue("server", "ca", "server", LOCAL)
	certificates.issue("foreign", "other-ca", "server", LOCAL)
	certificates.issue("elsewhere", "ca", "server", "DNS:prom.example")
	certificates.issue("expired", "ca", "server", LOCAL, ("20200101000000Z", "20200102000000Z"))
	certificates.issue("early", "ca", "server", LOCAL, ("20980101000000Z", "20990101000000Z"))
	certificates.self_signed("alone", LOCAL)
	certificates.issue("alice", "ca", "client")
	certificates.issue("mallory", "other-ca", "client")
	certificates.issue("late", "ca", "client", None, ("20200101000000Z", "20200102000000Z"))
	return certificates


def main():
	folder = tempfile.mkdtemp(prefix="tocsin-test-")
	try:
		certificates = make_certificates(folder)
		with open(os.path.join(folder, "rules.yml"), "w", encoding="utf-8") as file:
			file.write(RULES)
		check_servers(certificates)
		check_clients(certificates)
		check_files(certificates)
		check_versions(certificates, folder)
		check_identities(certificates)
		check_misuse()
		check_documentation(folder)
		check_file(certificates, folder)
		check_rotation(certificates, folder)
		check_no_mixing(certificates, folder)
		check_proxies(certificates, folder)
		check_redirects(certificates, folder)
		for text in shown:
			for secret in SECRETS:
				if secret in text:
					sys.exit(f"a secret is shown: {secret!r} in {text!r}")
		expect("no secret was shown, in so many texts", len(shown) > 200, True)
	finally:
		shutil.rmtree(folder)


main()
