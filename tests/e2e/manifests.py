"""The manifests of examples/kubernetes and the compose files, as far as can be seen without a cluster: names, ports, keys, paths and
variables that refer to each other, and a tocsin that runs in the environment and with the files that the Deployment would give it. TAP."""
import copy
import fnmatch
import os
import re
import shutil
import subprocess
import sys

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import ROOT, Home, Server, binary, fetch, fetch_json, wait_for
from tap import run

KUBERNETES = os.path.join(ROOT, "examples/kubernetes")
COMPOSE = os.path.join(ROOT, "examples/compose")
NOBODY = "http://127.0.0.1:1"


def read(path):
	with open(path, encoding="utf-8") as f:
		return [document for document in yaml.safe_load_all(f) if document is not None]


# ---- what kustomize does, as far as these folders need it ----

def merge(base, patch):
	"""Mappings key by key, lists of named items by name, everything else anew."""
	if isinstance(base, dict) and isinstance(patch, dict):
		return {key: merge(base[key], patch[key]) if key in base and key in patch else patch.get(key, base.get(key))
				for key in [*base, *(k for k in patch if k not in base)]}
	if isinstance(base, list) and isinstance(patch, list) and all(isinstance(i, dict) and "name" in i for i in base + patch):
		names = [i["name"] for i in base]
		merged = [merge(i, next((p for p in patch if p["name"] == i["name"]), {})) for i in base]
		return [i for i in patch if i["name"] not in names] + merged
	return patch


def identity(o):
	return o["kind"], o["metadata"]["name"]


def render(folder):
	(kustomization,) = read(os.path.join(folder, "kustomization.yaml"))
	objects = []
	for name in kustomization["resources"]:
		path = os.path.join(folder, name)
		objects += render(path) if os.path.isdir(path) else read(path)
	for patch in (read(os.path.join(folder, p["path"]))[0] for p in kustomization.get("patches", [])):
		if identity(patch) not in map(identity, objects):
			raise AssertionError(f"{folder}: a patch for {identity(patch)}, which is not there")
		objects = [merge(o, patch) if identity(o) == identity(patch) else o for o in objects]
	for o in objects:
		o["metadata"]["namespace"] = kustomization["namespace"]
		for label in kustomization.get("labels", []):
			o["metadata"]["labels"] = {**o["metadata"].get("labels", {}), **label["pairs"]}
		for image in kustomization.get("images", []):
			for container in o["spec"]["template"]["spec"]["containers"] if o["kind"] == "Deployment" else []:
				if container["image"] == image["name"]:
					container["image"] = f"{image['newName']}:{image['newTag']}"
	return objects


FOLDERS = sorted(name for name in os.listdir(KUBERNETES) if os.path.isdir(os.path.join(KUBERNETES, name)))


# ---- what refers to what ----

def variables():
	said = [subprocess.run([binary(), command, "--help"], capture_output=True, text=True, check=True).stdout for command in ("run", "health")]
	return set(re.findall(r"TOCSIN_\w+", "".join(said)))


def selects(selector, labels):
	return all(labels.get(key) == value for key, value in selector.items())


class Set:
	"""The objects of one folder, and what is wrong with them."""

	def __init__(self, objects):
		self.objects = objects
		self.complaints = []
		self.deployment = self.one("Deployment")
		self.pod = self.deployment["spec"]["template"]
		self.container = self.pod["spec"]["containers"][0]
		self.ports = {port["name"]: port["containerPort"] for port in self.container["ports"]}
		self.environment = {}
		for source in self.container["envFrom"]:
			self.environment.update(self.config_map(source["configMapRef"]["name"]))
		self.files = {}  # path: its text, or None of a secret
		for mount in self.container["volumeMounts"]:
			self.add_mount(mount)

	def must(self, condition, complaint):
		if not condition:
			self.complaints.append(complaint)

	def all(self, kind):
		return [o for o in self.objects if o["kind"] == kind]

	def one(self, kind):
		found = self.all(kind)
		self.must(len(found) == 1, f"{len(found)} objects of kind {kind}")
		return found[0]

	def config_map(self, name):
		found = [o["data"] for o in self.all("ConfigMap") if o["metadata"]["name"] == name]
		self.must(found, f"no ConfigMap {name}")
		return found[0] if found else {}

	def add_mount(self, mount):
		volumes = [v for v in self.pod["spec"]["volumes"] if v["name"] == mount["name"]]
		self.must(len(volumes) == 1, f"{len(volumes)} volumes {mount['name']}")
		self.must("subPath" not in mount, f"{mount['mountPath']}: subPath is never updated")
		for volume in volumes:
			texts = self.config_map(volume["configMap"]["name"]) if "configMap" in volume else \
				{item["path"]: None for item in volume["secret"]["items"]}
			self.files.update({f"{mount['mountPath']}/{name}": text for name, text in texts.items()})

	def judge(self):
		identities = [identity(o) for o in self.objects]
		self.must(len(set(identities)) == len(identities), "two objects of one name")
		self.must(all(o.get("apiVersion") for o in self.objects), "an object without apiVersion")
		self.must(len({o["metadata"].get("namespace") for o in self.objects}) == 1, "several namespaces")
		self.judge_pod()
		self.judge_environment()
		self.judge_service()
		self.judge_network()
		return self.complaints

	def judge_pod(self):
		labels, spec = self.pod["metadata"]["labels"], self.pod["spec"]
		self.must(selects(self.deployment["spec"]["selector"]["matchLabels"], labels), "the Deployment does not select its pods")
		mounted = {mount["name"] for mount in self.container["volumeMounts"]}
		self.must({v["name"] for v in spec["volumes"]} == mounted, "volumes and mounts differ")
		for kind in ("livenessProbe", "readinessProbe"):
			self.must(self.container[kind]["httpGet"]["port"] in self.ports, f"{kind}: no such port")
		self.must(spec["enableServiceLinks"] is False, "variables of Services are among the settings")
		self.must(spec["terminationGracePeriodSeconds"] > 10, "killed before drain_timeout is over")
		user, security = spec["securityContext"], self.container["securityContext"]
		self.must(user["runAsNonRoot"] and user["runAsUser"] == image_user(), "another user than the image's")
		self.must(security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"] and
				  security["capabilities"]["drop"] == ["ALL"], "more rights than it needs")
		self.must(self.container["image"].endswith(":" + version()), "another version than the project's")

	def judge_environment(self):
		known = variables()
		for name, value in self.environment.items():
			self.must(name in known, f"there is no variable {name}")
			self.must(isinstance(value, str), f"{name} is no text")
			if name.endswith("_FILE"):
				self.must(value in self.files, f"{name}: {value} is not mounted")
		patterns = self.environment["TOCSIN_RULES"].split(",")
		for path, text in self.files.items():
			self.must(text is None or any(fnmatch.fnmatch(path, p) for p in patterns), f"{path} is not matched by TOCSIN_RULES")
		self.must(int(self.environment["TOCSIN_LISTEN"].rsplit(":", 1)[1]) in self.ports.values(), "it listens on another port")

	def judge_service(self):
		service = self.one("Service")
		self.must(selects(service["spec"]["selector"], self.pod["metadata"]["labels"]), "the Service does not select the pods")
		for port in service["spec"]["ports"]:
			self.must(port["targetPort"] in self.ports, f"the Service's port {port['targetPort']} is none of the pod's")
		for monitor in self.all("ServiceMonitor"):
			self.must(selects(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"]),
					  "the ServiceMonitor does not select the Service")
			for endpoint in monitor["spec"]["endpoints"]:
				self.must(endpoint["port"] in {p["name"] for p in service["spec"]["ports"]}, "the ServiceMonitor's port is none of the Service's")

	def judge_network(self):
		policy = self.one("NetworkPolicy")["spec"]
		self.must(selects(policy["podSelector"]["matchLabels"], self.pod["metadata"]["labels"]), "the NetworkPolicy does not select the pods")
		for rule in policy["ingress"]:
			self.must(all(p["port"] in self.ports for p in rule["ports"]), "the NetworkPolicy lets in at a port that is none")
		out = {p["port"] for rule in policy["egress"] for p in rule["ports"]}
		self.must(53 in out, "no names can be looked up")
		for name in ("TOCSIN_PROMETHEUS", "TOCSIN_ALERTMANAGER"):
			for url in self.environment[name].split(","):
				self.must(int(re.search(r":(\d+)", url).group(1)) in out, f"the NetworkPolicy does not let out to {url}")


def version():
	with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as f:
		return re.search(r"version: '([\d.]+)'", f.read()).group(1)


def image_user():
	with open(os.path.join(ROOT, "packaging/Dockerfile"), encoding="utf-8") as f:
		return int(re.search(r"^USER (\d+)", f.read(), re.M).group(1))


def equal(got, expected, what):
	if got != expected:
		raise AssertionError(f"{what}: got {got!r}, expected {expected!r}")


# ---- tests ----

def manifests_refer_to_what_is_there(home):
	equal(FOLDERS, ["base", "prometheus-operator", "secrets"], "folders")
	for name in FOLDERS:
		equal(Set(render(os.path.join(KUBERNETES, name))).judge(), [], name)
	for folder, _, names in os.walk(KUBERNETES):  # none is forgotten
		(kustomization,) = read(os.path.join(folder, "kustomization.yaml")) if "kustomization.yaml" in names else ({},)
		used = set(kustomization.get("resources", [])) | {p["path"] for p in kustomization.get("patches", [])} | {"kustomization.yaml"}
		equal(set(names) - used, set(), f"files in {folder} that nothing names")


# An object's kind, the way to a value, and what is put there: each must be noticed.
BREAKS = [
	("Deployment", "spec.selector.matchLabels", {"app.kubernetes.io/name": "x"}),
	("Deployment", "spec.template.spec.containers.0.ports.0.name", "web"),
	("Deployment", "spec.template.spec.containers.0.ports.0.containerPort", 9098),
	("Deployment", "spec.template.spec.containers.0.livenessProbe.httpGet.port", "web"),
	("Deployment", "spec.template.spec.containers.0.envFrom.0.configMapRef.name", "tocsin-settings"[:-1]),
	("Deployment", "spec.template.spec.containers.0.volumeMounts.0.mountPath", "/rules"),
	("Deployment", "spec.template.spec.containers.0.volumeMounts.0.subPath", "x"),
	("Deployment", "spec.template.spec.volumes.0.name", "x"),
	("Deployment", "spec.template.spec.securityContext.runAsUser", 0),
	("Deployment", "spec.template.spec.terminationGracePeriodSeconds", 5),
	("Service", "spec.selector", {"app": "tocsin"}),
	("Service", "spec.ports.0.targetPort", 9098),
	("Service", "metadata.labels", {}),
	("Service", "spec.ports.0.name", "web"),
	("NetworkPolicy", "spec.podSelector.matchLabels", {"app": "tocsin"}),
	("NetworkPolicy", "spec.egress.1.ports.0.port", 9091),
	("ConfigMap", "metadata.name", "x"),
	("ConfigMap", "data", {"TOCSIN_RULES": "x", "TOCSIN_LISTEN": ":9099", "TOCSIN_PROMETHEUS": "http://x:9090", "TOCSIN_ALERTMANAGER": "http://x:9093"}),
	("ServiceMonitor", "spec.endpoints.0.port", "web"),
]


def broken_manifests_are_noticed(home):
	whole = render(os.path.join(KUBERNETES, "prometheus-operator"))
	for kind, way, value in BREAKS:
		objects = copy.deepcopy(whole)
		at = next(o for o in objects if o["kind"] == kind)
		*steps, last = [int(step) if step.isdigit() else step for step in re.split(r"\.(?!kubernetes|io)", way)]
		for step in steps:
			at = at[step]
		at[last] = value
		try:
			complaints = Set(objects).judge()
		except KeyError as error:
			complaints = [f"no {error}"]
		if not complaints:
			raise AssertionError(f"{kind} {way}: {value!r} was not noticed")


def kustomize_makes_the_same_of_them(home):
	if shutil.which("kubectl") is None:
		return  # the other tests have looked at what our own reading makes of them
	for name in FOLDERS:
		done = subprocess.run(["kubectl", "kustomize", os.path.join(KUBERNETES, name)], capture_output=True, text=True, check=False)
		equal(done.returncode, 0, done.stderr)
		theirs = {identity(o): o for o in yaml.safe_load_all(done.stdout)}
		ours = {identity(o): o for o in render(os.path.join(KUBERNETES, name))}
		equal(theirs.keys(), ours.keys(), name)
		for key in ours:
			equal(theirs[key], ours[key], f"{name}: {key}")


def mount(home, files, number):
	"""As kubelet does it: each folder has its files behind a link that is exchanged."""
	for path, text in files.items():
		at = home.path + os.path.dirname(path)
		os.makedirs(f"{at}/..{number}", exist_ok=True)
		with open(f"{at}/..{number}/{os.path.basename(path)}", "w", encoding="utf-8") as f:
			f.write(text or "secret\n")
	for at in {home.path + os.path.dirname(path) for path in files}:
		os.symlink(f"..{number}", f"{at}/..data_tmp")
		os.rename(f"{at}/..data_tmp", f"{at}/..data")
	for path in files:
		if not os.path.islink(home.path + path):
			os.symlink("..data/" + os.path.basename(path), home.path + path)


def the_deployment_runs(home):
	for number, name in enumerate(FOLDERS):
		s = Set(render(os.path.join(KUBERNETES, name)))
		files = {f"/{number}{path}": text for path, text in s.files.items()}
		mount(home, files, 1)
		for key, value in s.environment.items():
			home.environment[key] = value.replace("/etc/tocsin", f"{home.path}/{number}/etc/tocsin")
		home.environment["TOCSIN_PROMETHEUS_CA_FILE"] = ""  # the Secret here holds no certificate
		t = Server(home, f"tocsin-{name}", [binary(), *s.container["args"], "--listen", "127.0.0.1:{port}", "--prometheus", NOBODY,
											"--alertmanager", NOBODY]).start()
		wait_for(f"{name} lives", lambda: fetch(t.url + s.container["livenessProbe"]["httpGet"]["path"])[0] == 200)
		equal(fetch(t.url + s.container["readinessProbe"]["httpGet"]["path"])[0] in (200, 503), True, "the path of readiness")
		equal("FeaturesStale" in names(t), True, names(t))
		mount(home, {path: text and text.replace("FeaturesStale", "Renamed") for path, text in files.items()}, 2)
		wait_for("the change counts", lambda: "Renamed" in names(t) and "FeaturesStale" not in names(t))
		equal(t.stop(), 0, t.log())


def names(t):
	return [rule["name"] for group in fetch_json(t.url + "/api/v1/rules")["data"]["groups"] for rule in group["rules"]]


def compose_files_refer_to_what_is_there(home):
	known = variables()
	for name in ("docker-compose.yml", "add-tocsin.yml"):
		(text,) = read(os.path.join(COMPOSE, name))
		for service, s in text["services"].items():
			what = f"{name}: {service}"
			for variable in s.get("environment", {}):
				equal(variable in known, True, f"{what}: {variable}")
			for volume in s.get("volumes", []):
				source = volume.split(":")[0]
				there = os.path.exists(os.path.join(COMPOSE, source)) if source[0] in "./" else source in text["volumes"]
				equal(there, True, f"{what}: {source}")
			image, _, tag = s["image"].partition(":")
			equal(bool(re.fullmatch(r"v?\d+\.\d+\.\d+", tag)), True, f"{what}: the tag {tag!r} is not pinned")
			if image.startswith("tocsin"):
				equal(tag, version(), what)
			for port in s.get("ports", []):
				equal(port.startswith("127.0.0.1:"), True, f"{what}: {port}")


def rules_are_good(home):
	run = subprocess.run([binary(), "check", os.path.join(COMPOSE, "rules/*.yml")], capture_output=True, text=True, check=False)
	equal((run.returncode, run.stderr), (0, ""), run.stderr)


TESTS = [manifests_refer_to_what_is_there, broken_manifests_are_noticed, kustomize_makes_the_same_of_them, the_deployment_runs,
		 compose_files_refer_to_what_is_there, rules_are_good]

if __name__ == "__main__":
	run(TESTS, Home)
