"""Containers for tests: what the engine can do, and images made here, since no registry need be in reach. All names begin with PREFIX."""
import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile

PREFIX = "tocsin-test-"
DEBIAN = "bookworm"
DEBIAN_TAG = f"debian:{DEBIAN}-slim"  # taken where the engine has it; never made, so that no stand-in goes by that name


def docker(*arguments, check=True, text=None, timeout=300):
	"""Standard output of `docker ...`."""
	done = subprocess.run(["docker", *arguments], input=text, capture_output=True, text=True, timeout=timeout)
	if check and done.returncode != 0:
		raise AssertionError(f"docker {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
	return done.stdout


def why_not():
	"""Why no container can be run here; None: it can."""
	if shutil.which("docker") is None:
		return "docker is not installed"
	try:
		done = subprocess.run(["docker", "info", "--format", "{{.OSType}}"], capture_output=True, text=True, timeout=30)
	except subprocess.TimeoutExpired:
		return "the container engine does not answer"
	if done.returncode != 0 or done.stdout.strip() != "linux":
		return "no container engine runs: " + (done.stderr.strip() or done.stdout.strip())[-200:]
	if not has_image(DEBIAN_TAG) and not has_image(PREFIX + "base"):
		if shutil.which("debootstrap") is None:
			return f"the engine has no {DEBIAN_TAG}, and debootstrap is not installed"
		if os.getuid() != 0:
			return f"the engine has no {DEBIAN_TAG}, and debootstrap wants root"
	return None


def compose_command():
	"""["docker", "compose"] or ["docker-compose"]; None: neither is there."""
	plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
	if plugin.returncode == 0:
		return ["docker", "compose"]
	return ["docker-compose"] if shutil.which("docker-compose") else None


def has_image(name):
	return subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def _one_at_a_time():
	with open(os.path.join(tempfile.gettempdir(), PREFIX + "images.lock"), "w", encoding="ascii") as lock:
		fcntl.flock(lock, fcntl.LOCK_EX)
		yield


def base():
	"""A minimal Debian: the engine's own, else one made by debootstrap (about half a minute, and kept for the next test)."""
	if has_image(DEBIAN_TAG):
		return DEBIAN_TAG
	name = PREFIX + "base"
	with _one_at_a_time():
		if has_image(name):
			return name
		with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
			made = subprocess.run(["debootstrap", "--variant=minbase", DEBIAN, folder], capture_output=True, text=True, check=False)
			if made.returncode != 0:
				raise AssertionError("debootstrap: " + (made.stdout + made.stderr)[-2000:])
			shutil.rmtree(os.path.join(folder, "var/cache/apt/archives"), ignore_errors=True)
			tar = subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE)
			subprocess.run(["docker", "import", "-", name], stdin=tar.stdout, capture_output=True, check=True)
			if tar.wait() != 0:
				raise AssertionError("tar could not pack the base image")
	return name


def build(name, folder, dockerfile, arguments=()):
	"""Builds PREFIX + name from a folder by the Dockerfile at a path, or by the text of one; `arguments` are "NAME=VALUE". What was
	built before is taken from the engine's cache."""
	args = [word for argument in arguments for word in ("--build-arg", argument)]
	before = _id(PREFIX + name)
	if "\n" in dockerfile:  # without any context
		docker("build", "-t", PREFIX + name, *args, "-", text=dockerfile, timeout=600)
	else:
		docker("build", "-t", PREFIX + name, *args, "-f", dockerfile, folder, timeout=600)
	if before and before != _id(PREFIX + name):
		docker("rmi", before, check=False)  # which has no name any more; one that is in use stays
	return PREFIX + name


def _id(name):
	return docker("image", "inspect", "-f", "{{.Id}}", name, check=False).strip()
