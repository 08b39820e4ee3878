"""The Debian package in a container whose init is systemd: it installs, runs, reloads, survives hangs and upgrades with its alert, and
is purged. The functions go in order, each builds on the one before. TAP. Arguments: hang.so; --keep leaves the container."""
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "scripts", "lib"))
import containers
from servers import ROOT, fetch, fetch_json, wait_for
from tap import Shared, run

HANG = os.path.abspath(sys.argv[1])
NAME = containers.PREFIX + f"systemd-{os.getpid()}"
# Debian's Prometheus scrapes itself and a node exporter that is not there: an alert that always fires.
DOCKERFILE = """
FROM {base}
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \\
	systemd systemd-sysv dbus prometheus prometheus-alertmanager ca-certificates && rm -f /usr/sbin/policy-rc.d && apt-get clean
"""
# systemd in a container leaves mounts private, and then no credential reaches a service.
INIT = ["sh", "-c", "mount --make-rshared / && exec /sbin/init"]
RUN_OPTIONS = ["--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
			   "--cgroupns=host", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--tmpfs", "/run", "--tmpfs", "/run/lock",
			   "-e", "container=docker"]
PORTS = {"prometheus": 9090, "alertmanager": 9093, "tocsin": 9099}
CONFIG = """
prometheus:
  url: http://localhost:9090
  timeout: 2s
  authorization: {credentials_file: /run/credentials/tocsin.service/secrets_token}
alertmanagers: [{url: http://localhost:9093, timeout: 2s}]
rule_files: [rules/*.yml]
evaluation_interval: 1s
resend_delay: 5s
listen: 0.0.0.0:9099
"""  # Alertmanager forgets an alert that is not repeated for 20 s: what hangs must be found out sooner
RULES = "groups: [{name: g, rules: [{alert: NodeDown, expr: 'up{job=\"node\"} % 2 == 0', for: 2s}]}]\n"
# There are no user namespaces in a nested container; the address is for the test, which asks from outside.
SERVICE_HERE = "[Service]\nPrivateUsers=no\n"
SOCKET_HERE = "[Socket]\nListenStream=\nListenStream=0.0.0.0:9099\n"
HANGING = "[Service]\nWatchdogSec=3\nEnvironment=LD_PRELOAD=/opt/hang.so HANG_FOLDER=/opt/hang\n"
UNIT_FOLDER = "/etc/systemd/system/tocsin.service.d"


def true(condition, what):
	if not condition:
		raise AssertionError(what)


def equal(got, expected, what):
	true(got == expected, f"{what}: got {got!r}, expected {expected!r}")


class Machine:
	"""The container, as its administrator uses it."""

	def __init__(self, folder):
		self.folder = folder
		self.package = self.make_package_and_image()
		self.upgrade = self.make_upgrade()
		ports = [word for port in PORTS.values() for word in ("-p", f"127.0.0.1::{port}")]
		containers.docker("run", "-d", "--name", NAME, *RUN_OPTIONS, *ports, containers.PREFIX + "systemd", *INIT)
		wait_for("the machine is up", lambda: self.out("systemctl is-system-running", check=False) == "running", 60)
		self.urls = {name: "http://" + containers.docker("port", NAME, str(port)).split()[0] for name, port in PORTS.items()}
		containers.docker("cp", HANG, f"{NAME}:/opt/hang.so")

	def make_package_and_image(self):
		"""At once: one mostly calculates, the other waits for the network."""
		build = subprocess.Popen([os.path.join(ROOT, "scripts/package"), self.folder], stdout=subprocess.PIPE,
								 stderr=subprocess.STDOUT, text=True)
		try:
			containers.build("systemd", None, DOCKERFILE.format(base=containers.base()))
		finally:
			text = build.communicate()[0]
		true(build.returncode == 0, text)
		self.lintian = text
		return next(os.path.join(self.folder, name) for name in os.listdir(self.folder) if name.endswith(".deb"))

	def make_upgrade(self):
		"""The same package under a later version."""
		tree, later = os.path.join(self.folder, "tree"), os.path.join(self.folder, "later.deb")
		subprocess.run(["dpkg-deb", "-R", self.package, tree], check=True)
		control = os.path.join(tree, "DEBIAN", "control")
		with open(control, encoding="utf-8") as f:
			text = re.sub(r"(?m)^Version: (.*)$", r"Version: \1+later", f.read())
		with open(control, "w", encoding="utf-8") as f:
			f.write(text)
		subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, later], check=True, stdout=subprocess.DEVNULL)
		return later

	def out(self, command, check=True):
		return containers.docker("exec", NAME, "sh", "-c", command, check=check).strip()

	def code(self, command):
		return subprocess.run(["docker", "exec", NAME, "sh", "-c", command], capture_output=True, check=False).returncode

	def write(self, path, text, mode="644"):
		folder = os.path.dirname(path)
		containers.docker("exec", "-i", NAME, "sh", "-c", f"mkdir -p {folder} && cat >{path} && chmod {mode} {path}", text=text)

	def install(self, package):
		containers.docker("cp", package, f"{NAME}:/root/tocsin.deb")
		return self.out("DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /root/tocsin.deb 2>&1")

	def property(self, name, unit="tocsin.service"):
		return self.out(f"systemctl show -P {name} {unit}")

	def status(self):
		return self.out("systemctl status --no-pager --lines=0 tocsin", check=False)

	def journal(self):
		return self.out("journalctl --no-pager -o cat -u tocsin", check=False)

	def wait_status(self, words):
		wait_for(f"the status says: {words}", lambda: words in self.property("StatusText"))

	def alert(self):
		"""(startsAt, updatedAt) of the one alert that Alertmanager holds."""
		alerts = [a for a in fetch_json(self.urls["alertmanager"] + "/api/v2/alerts") if a["labels"]["alertname"] == "NodeDown"]
		return (alerts[0]["startsAt"], alerts[0]["updatedAt"]) if len(alerts) == 1 else None

	def expect_alert_lives(self):
		"""The alert began when it began, and is told of anew by what runs now."""
		before = self.alert()
		true(before, "Alertmanager lost the alert")
		after = wait_for("Alertmanager is told again", lambda: self.alert()[1] > before[1] and self.alert())
		equal(after[0], self.starts_at, "startsAt")

	def healthy(self):
		return fetch(self.urls["tocsin"] + "/-/healthy")[0] == 200


@contextlib.contextmanager
def asked_all_the_time(machine, failures):
	"""Somebody asks for /-/healthy again and again."""
	over = threading.Event()

	def ask():
		while not over.is_set():
			try:
				machine.healthy()
			except OSError as error:
				failures.append(str(error))
			time.sleep(0.05)

	thread = threading.Thread(target=ask)
	thread.start()
	try:
		yield
	finally:
		over.set()
		thread.join()


# ---- the tests, in order ----

def it_installs_and_starts_nothing(m):
	true(not re.search(r"^E:", m.lintian, re.M), m.lintian)
	m.install(m.package)
	equal(m.property("ActiveState"), "inactive", "the service without a configuration")
	equal(m.out("systemctl is-enabled tocsin.service"), "enabled", "the service")
	equal(m.out("systemctl is-enabled tocsin.socket", check=False), "disabled", "the socket")
	equal(m.out("systemctl is-system-running", check=False), "running", "the system")


def its_units_are_sound(m):
	equal(m.out("systemd-analyze verify tocsin.service tocsin.socket 2>&1"), "", "systemd-analyze verify")
	judgement = m.out("systemd-analyze security --offline=yes --no-pager /lib/systemd/system/tocsin.service")
	level = float(re.search(r"exposure level for tocsin.service: ([\d.]+)", judgement).group(1))
	true(level <= 1.5, judgement)


def it_starts_once_configured(m):
	m.write(UNIT_FOLDER + "/here.conf", SERVICE_HERE)
	m.write("/etc/systemd/system/tocsin.socket.d/here.conf", SOCKET_HERE)
	m.write("/etc/tocsin/tocsin.yml", CONFIG)
	m.write("/etc/tocsin/rules/g.yml", RULES)
	m.write("/etc/tocsin/secrets/token", "hunter2\n", "600")
	m.out("systemctl daemon-reload && systemctl start tocsin")
	m.wait_status("1 rule in 1 group: 1 alert firing, 0 pending.")
	true("Active: active (running)" in m.status() and 'Status: "1 rule in 1 group' in m.status(), m.status())
	m.starts_at = wait_for("Alertmanager holds the alert", m.alert)[0]
	true(m.healthy(), "it does not answer")


def it_runs_with_little(m):
	process = m.property("MainPID")
	status = m.out(f"cat /proc/{process}/status")
	true(re.search(r"^Uid:\s+6[1-5]\d\d\d\s", status, re.M), "not a dynamic user: " + status)
	true(re.search(r"^CapEff:\s+0+$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M), status)
	equal(m.out("stat -c %a /var/lib/private/tocsin"), "700", "the state's mode")
	true("hunter2" not in m.journal(), "the secret is in the journal")


def it_reloads(m):
	process = m.property("MainPID")
	m.write("/etc/tocsin/rules/more.yml", RULES.replace("name: g", "name: h").replace("NodeDown", "More"))
	m.out("systemctl reload tocsin")
	m.wait_status("2 rules in 2 groups: 2 alerts firing")
	true("permission denied" not in m.journal(), m.journal()[-2000:])
	m.write("/etc/tocsin/rules/more.yml", "groups: [{name: h, rules: [{alert: More, exprs: up}]}]\n")
	true(m.code("systemctl reload tocsin") != 0, "a bad rule was reloaded without a complaint")
	true("/etc/tocsin/rules/more.yml:1:42: error:" in m.journal(), m.journal()[-2000:])
	m.out("rm /etc/tocsin/rules/more.yml && systemctl reload tocsin")
	m.wait_status("1 rule in 1 group: 1 alert firing")
	equal((m.property("ActiveState"), m.property("MainPID")), ("active", process), "the service meanwhile")


def its_listener_has_secrets(m):
	"""A key from LoadCredential, which the command that judges a reload may not read."""
	subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tocsin", "-keyout",
					m.folder + "/key.pem", "-out", m.folder + "/cert.pem"], check=True, capture_output=True)
	for name in ("key.pem", "cert.pem"):
		with open(os.path.join(m.folder, name), encoding="ascii") as f:
			m.write("/etc/tocsin/secrets/" + name, f.read(), "600")
	m.write("/etc/tocsin/web.yml", "tls_server_config: {cert_file: /run/credentials/tocsin.service/secrets_cert.pem, "
								   "key_file: /run/credentials/tocsin.service/secrets_key.pem}\n")
	m.write("/etc/tocsin/tocsin.yml", CONFIG + "web: {config_file: web.yml}\n")
	m.out("systemctl restart tocsin")
	m.wait_status("1 rule in 1 group: 1 alert firing")
	true("the API is on https://" in m.journal(), m.journal()[-2000:])
	m.write("/etc/tocsin/rules/more.yml", RULES.replace("name: g", "name: h").replace("NodeDown", "More"))
	equal(m.code("systemctl reload tocsin"), 0, "a reload")
	m.wait_status("2 rules in 2 groups")
	m.write("/etc/tocsin/rules/more.yml", "groups: [{name: h, rules: [{alert: More, exprs: up}]}]\n")
	true(m.code("systemctl reload tocsin") != 0, "a bad rule was reloaded without a complaint")
	m.out("rm /etc/tocsin/rules/more.yml /etc/tocsin/web.yml /etc/tocsin/secrets/*.pem")
	m.write("/etc/tocsin/tocsin.yml", CONFIG)
	m.out("systemctl restart tocsin")
	m.expect_alert_lives()


def it_does_not_start_badly(m):
	m.write("/etc/tocsin/tocsin.yml", CONFIG + "nonesuch: 1\n")
	m.code("systemctl restart tocsin")
	wait_for("it gives up", lambda: m.property("ActiveState") == "failed")
	true("/etc/tocsin/tocsin.yml:11:1: error:" in m.property("StatusText"), m.status())
	m.write("/etc/tocsin/tocsin.yml", CONFIG)
	m.out("systemctl restart tocsin")
	m.expect_alert_lives()


def the_socket_outlives_restarts(m):
	m.out("systemctl stop tocsin && systemctl enable --now tocsin.socket && systemctl start tocsin")
	m.wait_status("1 rule in 1 group")
	failures = []
	with asked_all_the_time(m, failures):
		m.out("systemctl restart tocsin && systemctl reload tocsin && systemctl restart tocsin")
	equal(failures, [], "refused while it restarted")
	m.expect_alert_lives()


def _is_killed(m, hang):
	before = int(m.property("NRestarts"))
	m.out(hang)
	wait_for("the watchdog bites", lambda: int(m.property("NRestarts")) > before, 40)
	m.out("rm -f /opt/hang/*")
	wait_for("it runs again", lambda: m.property("ActiveState") == "active" and m.healthy(), 40)
	m.wait_status("1 rule in 1 group: 1 alert firing")
	m.expect_alert_lives()


def a_hang_is_ended_by_the_watchdog(m):
	m.write(UNIT_FOLDER + "/hanging.conf", HANGING)
	m.out("mkdir -p /opt/hang && systemctl daemon-reload && systemctl restart tocsin")
	m.wait_status("1 rule in 1 group: 1 alert firing")
	_is_killed(m, "touch /opt/hang/evaluation")
	_is_killed(m, "touch /opt/hang/exchanges")
	_is_killed(m, "systemctl kill -s STOP tocsin")
	true(m.journal().count("Watchdog timeout") >= 3, m.journal()[-2000:])
	m.out(f"rm {UNIT_FOLDER}/hanging.conf && systemctl daemon-reload && systemctl restart tocsin")


def an_upgrade_loses_nothing(m):
	m.wait_status("1 rule in 1 group: 1 alert firing")
	process, failures = m.property("MainPID"), []
	with asked_all_the_time(m, failures):
		m.install(m.upgrade)
	equal(failures, [], "refused during the upgrade")
	true(m.out("dpkg-query -W -f '${Version}' tocsin").endswith("+later"), "the later version is not there")
	true(m.property("MainPID") not in ("0", process), "what was installed does not run")
	m.wait_status("1 rule in 1 group: 1 alert firing")
	m.expect_alert_lives()


def an_upgrade_ends_nothing_that_would_not_start(m):
	process = m.property("MainPID")
	m.write("/etc/tocsin/rules/more.yml", "groups: [{name: h, rules: [{alert: More, exprs: up}]}]\n")
	said = m.out("dpkg -i /root/tocsin.deb 2>&1")
	true("tocsin was not restarted" in said and "/etc/tocsin/rules/more.yml:1:42: error:" in said, said)
	equal((m.property("ActiveState"), m.property("MainPID")), ("active", process), "what runs")
	m.expect_alert_lives()
	m.out("rm /etc/tocsin/rules/more.yml")
	m.out("dpkg -i /root/tocsin.deb 2>&1")
	true(m.property("MainPID") not in ("0", process), "once it is mended, what was installed does not run")
	m.expect_alert_lives()


def nothing_is_left(m):
	m.out("DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq tocsin 2>&1")
	equal(m.code("test -e /etc/tocsin/tocsin.yml"), 0, "the configuration after a removal")
	m.out("DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq tocsin 2>&1")
	m.out(f"rm -r {UNIT_FOLDER} /etc/systemd/system/tocsin.socket.d && systemctl daemon-reload")  # the administrator's own
	left = m.out("find / -xdev -name '*tocsin*' -not -path '/proc/*' -not -path '/root/*' -not -path '/var/log/*' "
				 "-not -path '/var/cache/apt/*' -not -path '/tmp/*'")
	equal(left, "", "files")
	equal(m.out("systemctl list-units --all --plain --no-legend 'tocsin*'"), "", "units")
	equal(m.out("systemctl is-system-running", check=False), "running", "the system")


TESTS = [it_installs_and_starts_nothing, its_units_are_sound, it_starts_once_configured, it_runs_with_little, it_reloads,
		 its_listener_has_secrets, it_does_not_start_badly, the_socket_outlives_restarts, a_hang_is_ended_by_the_watchdog,
		 an_upgrade_loses_nothing, an_upgrade_ends_nothing_that_would_not_start, nothing_is_left]


def why_not():
	if not os.path.exists("/etc/debian_version"):
		return "this is no Debian: there is nothing to build its package with"
	return containers.why_not()


def main():
	reason = why_not()
	if reason:
		print(f"1..0 # SKIP {reason}")
		return
	try:
		with tempfile.TemporaryDirectory(prefix="tocsin-") as folder:
			run(TESTS, Shared(Machine(folder)), lambda m: m.status() + "\n" + m.journal()[-2500:])
	finally:
		if "--keep" not in sys.argv:
			containers.docker("rm", "-f", NAME, check=False)


if __name__ == "__main__":
	main()
