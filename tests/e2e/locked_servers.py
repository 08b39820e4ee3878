"""A real Prometheus below a path and a real Alertmanager, both behind TLS and a password, Prometheus behind a client certificate
too: tocsin gets in, and an alert arrives. TAP."""
import base64
import json
import os
import ssl
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "scripts", "lib"), os.path.join(HERE, "..", "io")]
from servers import Alertmanager, Home, Prometheus, Tocsin, wait_for
from tap import Shared, run
from tls_peer import Certificates

PASSWORD = "hunter2"
# of that password; a hash does not expire
HASH = "$2b$05$OI7IgfpfdpxPIiQVi.c6..UG56PfE6S3Nj9XOAomiyS5I9cDY7Xz."
WEB_CONFIG = """
tls_server_config:
  cert_file: {cert}.pem
  key_file: {cert}.key
{clients}
basic_auth_users: {{tocsin: "{hash}"}}
"""
CLIENTS = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem"
TOCSIN_CONFIG = """
prometheus:
  url: {prometheus}/prometheus
  basic_auth: {{username: tocsin, password_file: password}}
  tls_config: {{ca_file: ca.pem, cert_file: tocsin.pem, key_file: tocsin.key}}
alertmanagers:
  - scheme: https
    static_configs: [{{targets: ["{alertmanager}"]}}]
    basic_auth: {{username: tocsin, password_file: password}}
    tls_config: {{ca_file: ca.pem, server_name: alertmanager.example}}
rule_files: [rules.yml]
evaluation_interval: 500ms
"""
RULES = "groups: [{name: g, rules: [{alert: Missing, expr: absent(nonesuch), labels: {severity: page}}]}]\n"


class Stage:
	def __init__(self, home):
		self.home = home
		self.certificates = Certificates(home.path)
		self.certificates.authority("ca")
		self.certificates.issue("prometheus", "ca", "server", "IP:127.0.0.1")
		self.certificates.issue("alertmanager", "ca", "server", "DNS:alertmanager.example")
		self.certificates.issue("tocsin", "ca", "client")
		self.prometheus = self.start(Prometheus(home, "", ["--web.route-prefix=/prometheus"]), "prometheus", CLIENTS)
		self.alertmanager = self.start(Alertmanager(home), "alertmanager", "")
		self.password = home.write("password", PASSWORD + "\n")
		home.write("rules.yml", RULES)
		config = home.write("tocsin.yml", TOCSIN_CONFIG.format(
			prometheus=self.prometheus.url.replace("http:", "https:"), alertmanager=f"127.0.0.1:{self.alertmanager.port}"))
		self.tocsin = Tocsin(home, ["--config", config]).start()

	def start(self, server, name, clients):
		path = self.home.write(name + "-web.yml", WEB_CONFIG.format(cert=name, clients=clients, hash=HASH))
		server.command = [*server.command, f"--web.config.file={path}"]
		server.ready_path = None  # it cannot be asked without a certificate
		return server.start()

	def alerts(self):
		"""What Alertmanager holds, asked as tocsin asks."""
		context = ssl.create_default_context(cafile=self.certificates.path("ca.pem"))
		context.check_hostname = False
		token = base64.b64encode(f"tocsin:{PASSWORD}".encode()).decode()
		request = urllib.request.Request(f"https://127.0.0.1:{self.alertmanager.port}/api/v2/alerts",
										 headers={"Authorization": "Basic " + token})
		with urllib.request.urlopen(request, timeout=5, context=context) as answer:
			return json.loads(answer.read())

	def rule(self):
		return self.tocsin.rules()[0]


def true(condition, what):
	if not condition:
		raise AssertionError(what)


def an_alert_arrives(s):
	wait_for("the rule is evaluated", lambda: s.rule()["health"] == "ok")
	alerts = wait_for("Alertmanager holds the alert", s.alerts)
	labels = [a["labels"] for a in alerts]
	true(labels == [{"alertname": "Missing", "severity": "page"}], labels)


def a_password_is_exchanged(s):
	with open(s.password, "w", encoding="utf-8") as f:
		f.write("hunter3")
	wait_for("Prometheus refuses", lambda: "HTTP status 401" in s.rule().get("lastError", ""))
	with open(s.password, "w", encoding="utf-8") as f:
		f.write(PASSWORD)
	wait_for("Prometheus answers again", lambda: s.rule()["health"] == "ok")


def a_certificate_is_missing(s):
	os.rename(s.certificates.path("tocsin.pem"), s.certificates.path("away.pem"))
	wait_for("the rule names the file", lambda: "tocsin.pem: no such file or directory" in s.rule().get("lastError", ""))
	os.rename(s.certificates.path("away.pem"), s.certificates.path("tocsin.pem"))
	wait_for("the rule is evaluated again", lambda: s.rule()["health"] == "ok")


def no_secret_is_logged(s):
	true(s.tocsin.stop() == 0, "exit status")
	log = s.tocsin.log()
	true("hunter" not in log and "PRIVATE KEY" not in log and len(log) > 200, log)
	true("AddressSanitizer" not in log and "runtime error" not in log, log[-3000:])


TESTS = [an_alert_arrives, a_password_is_exchanged, a_certificate_is_missing, no_secret_is_logged]


def main():
	with Home(keep="--keep" in sys.argv) as home:
		run(TESTS, Shared(Stage(home)), lambda stage: stage.tocsin.log())


if __name__ == "__main__":
	main()
