"""The image, and the compose files of examples/compose, by a container engine: a model breaks and the alert is in Alertmanager, while
containers are killed, hang, and lose each other. Images that are not there are made here (containers.py). TAP."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
import containers
from containers import PREFIX, docker
from servers import ROOT, fetch, fetch_json, free_port, wait_for
from tap import Shared, run

RESEND_SECONDS = 3
VALID_SECONDS = 4 * RESEND_SECONDS  # how long Alertmanager takes an alert for firing that nobody tells it of any more
IMAGE_MIB = 30  # over its base

SERVERS = """FROM {base}
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	prometheus prometheus-alertmanager busybox && rm -rf /var/lib/apt/lists/* && ln -s /bin/busybox /usr/local/bin/wget \
	&& mkdir /prometheus /alertmanager && chown nobody /prometheus /alertmanager
USER nobody
"""
STAND_INS = {  # by the image that the compose file names
	"prom/prometheus": ("prometheus", "FROM {servers}\nWORKDIR /prometheus\nENTRYPOINT [\"/usr/bin/prometheus\"]\n"),
	"prom/alertmanager": ("alertmanager", "FROM {servers}\nWORKDIR /alertmanager\nENTRYPOINT [\"/usr/bin/prometheus-alertmanager\"]\n"),
}
# Besides the images: seconds where the example has minutes.
OVERRIDE = """
services:
  model-server: {{image: {model-server}}}
  load: {{image: {model-server}}}
  prometheus: {{image: "{prometheus}", healthcheck: {{interval: 1s}}}}
  alertmanager: {{image: "{alertmanager}", healthcheck: {{interval: 1s}}}}
  tocsin:
    image: {tocsin}
    environment: {{TOCSIN_RESEND_DELAY: {resend}s, TOCSIN_PROMETHEUS_TIMEOUT: 2s, TOCSIN_HEALTH_TIMEOUT: 1s}}
    healthcheck: {{interval: 1s, timeout: 5s, retries: 2, start_period: 1s}}
"""


def true(condition, what):
	if not condition:
		raise AssertionError(what)


def make_images(example):
	"""{service: image}. Those that the files build are built from their very folders and Dockerfiles; the others are taken as they are
	where the engine has them."""
	base = containers.base()
	made = {}

	def make_built(service):
		build = example["services"][service]["build"]
		build = {"context": build} if isinstance(build, str) else build
		folder = os.path.join(ROOT, "examples/compose", build["context"])
		made[service] = containers.build(service, folder, os.path.join(folder, build.get("dockerfile", "Dockerfile")), [f"BASE={base}"])

	def make_servers():
		servers = None
		for image in (s["image"] for s in example["services"].values() if s["image"].split(":")[0] in STAND_INS):
			name, text = STAND_INS[image.split(":")[0]]
			if containers.has_image(image):
				made[name] = image
				continue
			servers = servers or containers.build("servers", None, SERVERS.format(base=base))
			made[name] = containers.build(name, None, text.format(servers=servers))

	failures = []

	def guard(function, *arguments):
		try:
			function(*arguments)
		except Exception as error:
			failures.append(error)

	threads = [threading.Thread(target=guard, args=a) for a in ((make_built, "tocsin"), (make_built, "model-server"), (make_servers,))]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	if failures:
		raise failures[0]
	return made, base


class Stack:
	"""The example, up, with ports of its own and a name of its own."""

	def __init__(self):
		self.project = f"{PREFIX}compose-{os.getpid()}"
		self.command = containers.compose_command()
		self.ports = {name: free_port() for name in ("MODEL_SERVER", "PROMETHEUS", "ALERTMANAGER", "TOCSIN")}
		self.url = {name: f"http://127.0.0.1:{port}" for name, port in self.ports.items()}
		self.folder = tempfile.mkdtemp(prefix=PREFIX)
		self.environment = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}
		self.environment.update({name + "_PORT": str(port) for name, port in self.ports.items()})
		self.environment.update(TOCSIN_PRESET="generic?window=10s&zero_for=2s&error_for=3s&p95_for=3s", TOCSIN_INTERVAL="1s")
		self.files = ["docker-compose.yml", "override.yml"]

	def prepare(self):
		for name in ("compose", "model-server"):
			shutil.copytree(os.path.join(ROOT, "examples", name), os.path.join(self.folder, name))
		self.edit("prometheus.yml", "scrape_interval: 15s", "scrape_interval: 1s\n  scrape_timeout: 1s")
		self.edit("rules/stack.yml", "for: 1m", "for: 2s")
		import yaml
		with open(os.path.join(self.folder, "compose/docker-compose.yml"), encoding="utf-8") as f:
			self.images, self.base = make_images(yaml.safe_load(f))
		with open(os.path.join(self.folder, "compose/override.yml"), "w", encoding="utf-8") as f:
			f.write(OVERRIDE.format(**self.images, resend=RESEND_SECONDS))

	def path(self, name):
		return os.path.join(self.folder, "compose", name)

	def edit(self, name, old, new):
		with open(self.path(name), encoding="utf-8") as f:
			text = f.read()
		true(old in text, f"{name} has no {old!r}")
		with open(self.path(name), "w", encoding="utf-8") as f:
			f.write(text.replace(old, new))

	def compose(self, *arguments, project=None, files=None, **environment):
		files = [word for name in files or self.files for word in ("-f", name)]
		done = subprocess.run([*self.command, "-p", project or self.project, *files, *arguments], cwd=self.path(""), capture_output=True,
							  text=True, timeout=300, env={**self.environment, **environment}, check=False)
		if done.returncode != 0:
			raise AssertionError(f"compose {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
		return done.stdout.strip()

	def id(self, service):
		return self.compose("ps", "-q", service)

	def state(self, service, what):
		return docker("inspect", "-f", "{{" + what + "}}", self.id(service)).strip()

	def wait_healthy(self, service, status="healthy"):
		container = self.id(service)
		wait_for(f"{service} is {status}", lambda: docker("inspect", "-f", "{{.State.Health.Status}}", container).strip() == status)

	def fault(self, model, mode):
		query = urllib.parse.urlencode({"model": model, "mode": mode})
		status, text = fetch(f"{self.url['MODEL_SERVER']}/fault?{query}", method="POST", body="")
		true(status == 200, text)

	def alerts(self):
		"""(name, model): since when, of those that Alertmanager holds for firing."""
		found = fetch_json(self.url["ALERTMANAGER"] + "/api/v2/alerts?active=true")
		return {(a["labels"]["alertname"], a["labels"].get("model")): a["startsAt"] for a in found}

	def wait_alert(self, *alert, fires=True, seconds=45):
		wait_for(f"{alert} {'fires' if fires else 'is over'}", lambda: (alert in self.alerts()) == fires, seconds)

	def watch_alert(self, *alert, seconds):
		"""It must not be away for a moment. Returns since when it fires."""
		since, end = set(), time.monotonic() + seconds
		while time.monotonic() < end:
			alerts = self.alerts()
			true(alert in alerts, f"{alert} was over in between: {alerts}")
			since.add(alerts[alert])
			time.sleep(0.2)
		return since

	def metric(self, name):
		text = fetch(self.url["TOCSIN"] + "/metrics")[1]
		return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))

	def wait_rise(self, name):
		before = self.metric(name)
		wait_for(f"{name} rises", lambda: self.metric(name) > before)

	def wait_ready(self):
		wait_for("tocsin is ready", lambda: fetch(self.url["TOCSIN"] + "/-/ready")[0] == 200)

	def log(self):
		container = self.id("tocsin")
		if not container:
			return ""
		return subprocess.run(["docker", "logs", "--tail", "60", container], capture_output=True, text=True, check=False).stderr

	def down(self):
		self.compose("down", "-v", "-t", "1")

	def finish(self):
		try:
			self.down()
		finally:
			shutil.rmtree(self.folder, ignore_errors=True)


BROKEN = ("PredictionErrorRatioHigh", "iris")


def the_image_is_small_and_wants_nothing(s):
	image = json.loads(docker("image", "inspect", s.images["tocsin"]))[0]
	base = json.loads(docker("image", "inspect", s.base))[0]
	size = (image["Size"] - base["Size"]) / (1 << 20)
	print(f"# {size:.1f} MiB over its base")
	true(0 < size < IMAGE_MIB, f"{size:.1f} MiB over its base")
	config = image["Config"]
	user = config["User"].split(":")[0]
	true(user.isdigit() and user != "0", f"user {user!r}")
	true(config["Healthcheck"]["Test"][0] == "CMD", "the health check goes through a shell")
	true(config["Entrypoint"] == ["/usr/bin/tocsin"] and not config.get("Volumes"), config)
	# in an empty root beside the libraries there is nothing to go through
	said = docker("run", "--rm", "--read-only", "--cap-drop", "ALL", "--network", "none", "--name", s.project + "-version", s.images["tocsin"],
				  "version")
	true(said.startswith("tocsin "), said)


def everything_comes_up(s):
	s.compose("up", "-d", "--no-build")
	for service in ("prometheus", "alertmanager", "tocsin"):
		s.wait_healthy(service)
	s.wait_ready()
	wait_for("tocsin is scraped and the models predict", lambda: len(query(s, 'up == 1')) == 2 and len(query(s, 'predictions_total > 20')) == 2)
	true(s.state("tocsin", ".HostConfig.ReadonlyRootfs") == "true", "its root can be written to")
	pid = s.state("tocsin", ".State.Pid")
	with open(f"/proc/{pid}/status", encoding="utf-8") as f:
		status = f.read()
	true(re.search(r"^NSpid:.*\t1$", status, re.M) and re.search(r"^CapEff:\s0+$", status, re.M), status)


def query(s, expr):
	answer = fetch_json(s.url["PROMETHEUS"] + "/api/v1/query", body=urllib.parse.urlencode({"query": expr}))
	return answer["data"]["result"]


def a_broken_model_is_told(s):
	s.fault("iris", "errors")
	s.wait_alert(*BROKEN)
	true(all(model != "orchid" for _, model in s.alerts()), s.alerts())
	wait_for("ALERTS is in Prometheus", lambda: query(s, 'ALERTS{alertname="PredictionErrorRatioHigh",alertstate="firing"}'))


def prometheus_is_killed(s):
	docker("kill", s.id("prometheus"))
	s.wait_rise("prometheus_rule_evaluation_failures_total")
	true(len(s.watch_alert(*BROKEN, seconds=VALID_SECONDS + 2)) == 1, "the alert began anew")
	docker("start", s.id("prometheus"))
	s.wait_ready()
	wait_for("rules are evaluated", lambda: all(r["health"] == "ok" for g in
			 fetch_json(s.url["TOCSIN"] + "/api/v1/rules")["data"]["groups"] for r in g["rules"]))
	s.wait_alert(*BROKEN)


def alertmanager_is_killed(s):
	docker("kill", s.id("alertmanager"))
	s.fault("orchid", "errors")
	wait_for("tocsin knows", lambda: any(a["labels"].get("model") == "orchid" and a["state"] == "firing" for a in
			 fetch_json(s.url["TOCSIN"] + "/api/v1/alerts")["data"]["alerts"]))
	docker("start", s.id("alertmanager"))
	s.wait_alert(BROKEN[0], "orchid")
	s.wait_alert(*BROKEN)
	s.fault("orchid", "none")
	s.wait_alert(BROKEN[0], "orchid", fires=False)


def tocsin_crashes(s):
	restarts = int(s.state("tocsin", ".RestartCount"))
	os.kill(int(s.state("tocsin", ".State.Pid")), signal.SIGKILL)
	true(len(s.watch_alert(*BROKEN, seconds=VALID_SECONDS + 2)) == 1, "the alert began anew")
	s.wait_ready()
	true(int(s.state("tocsin", ".RestartCount")) == restarts + 1, "the engine did not start it again")


def tocsin_hangs(s):
	pid = int(s.state("tocsin", ".State.Pid"))
	os.kill(pid, signal.SIGSTOP)
	try:
		s.wait_healthy("tocsin", "unhealthy")
	finally:
		os.kill(pid, signal.SIGCONT)
	s.wait_healthy("tocsin")
	s.wait_alert(*BROKEN)


def without(s, service, during):
	"""Cut off from the network, and back under its name."""
	network = s.project + "_default"
	docker("network", "disconnect", network, s.id(service))
	try:
		during()
	finally:
		docker("network", "connect", "--alias", service, network, s.id(service))


def the_network_is_cut(s):
	def no_prometheus():
		s.wait_rise("prometheus_rule_evaluation_failures_total")
		s.watch_alert(*BROKEN, seconds=VALID_SECONDS + 2)

	def no_alertmanager():
		s.fault("iris", "none")
		wait_for("tocsin knows", lambda: not any(a["state"] == "firing" for a in
				 fetch_json(s.url["TOCSIN"] + "/api/v1/alerts")["data"]["alerts"]))

	without(s, "prometheus", no_prometheus)
	without(s, "alertmanager", no_alertmanager)
	s.wait_alert(*BROKEN, fires=False)
	s.fault("iris", "errors")
	s.wait_alert(*BROKEN)


def a_rule_file_changes(s):
	with open(s.path("rules/more.yml"), "w", encoding="utf-8") as f:
		f.write("groups: [{name: more, rules: [{alert: Written, expr: vector(1), labels: {model: none}}]}]\n")
	s.wait_alert("Written", "none")
	os.unlink(s.path("rules/more.yml"))
	s.wait_alert("Written", "none", fires=False)


def it_joins_a_stack_that_is_there(s):
	project, port = s.project + "-added", str(free_port())
	images = s.path("image.yml")
	with open(images, "w", encoding="utf-8") as f:
		f.write(f"services: {{tocsin: {{image: {s.images['tocsin']}}}}}\n")
	options = {"project": project, "files": ["add-tocsin.yml", "image.yml"], "STACK_NETWORK": s.project + "_default", "TOCSIN_PORT": port}
	try:
		s.compose("up", "-d", **options)
		url = f"http://127.0.0.1:{port}"
		wait_for("it is ready", lambda: fetch(url + "/-/ready")[0] == 200)
		wait_for("it sees the broken model", lambda: any(a["labels"].get("model") == "iris" and a["state"] == "firing" for a in
				 fetch_json(url + "/api/v1/alerts")["data"]["alerts"]))
		told = lambda: re.search(r'^prometheus_notifications_sent_total{.*http://alertmanager:9093.*} [1-9]', fetch(url + "/metrics")[1], re.M)
		wait_for("it tells Alertmanager", told)
	finally:
		s.compose("down", "-t", "5", **options)


def it_stops_when_told(s):
	container = s.id("tocsin")
	docker("stop", "-t", "15", container)
	true(docker("inspect", "-f", "{{.State.ExitCode}}", container).strip() == "0", "its exit code is not 0")
	log = subprocess.run(["docker", "logs", container], capture_output=True, text=True, check=False).stderr
	true("msg=stopped\n" in log or 'msg="stopped"' in log, log[-500:])


def everything_goes(s):
	s.down()
	left = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={s.project}") + \
		docker("network", "ls", "-q", "--filter", f"name={s.project}") + docker("volume", "ls", "-q", "--filter", f"name={s.project}")
	true(left.strip() == "", f"left behind: {left}")


everything_comes_up.needed = True
TESTS = [the_image_is_small_and_wants_nothing, everything_comes_up, a_broken_model_is_told, prometheus_is_killed, alertmanager_is_killed,
		 tocsin_crashes, tocsin_hangs, the_network_is_cut, a_rule_file_changes, it_joins_a_stack_that_is_there, it_stops_when_told,
		 everything_goes]


def main():
	reason = containers.why_not() or (None if containers.compose_command() else "neither docker compose nor docker-compose is installed")
	if reason:
		print(f"1..0 # SKIP {reason}")
		return
	signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
	s = Stack()
	try:
		s.prepare()
		run(TESTS, Shared(s), Stack.log)
	finally:
		s.finish()


if __name__ == "__main__":
	main()
