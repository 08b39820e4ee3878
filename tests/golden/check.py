"""What `tocsin check` says, exactly. cases.txt has a name and arguments a line; NAME.expected is stdout, stderr and exit code. UPDATE_GOLDEN=1
writes those files anew: read the difference before it is committed. Arguments: the program, the folder of cases."""
import json
import os
import shlex
import subprocess
import sys
import xml.dom.minidom

TOCSIN, FOLDER = map(os.path.abspath, sys.argv[1:3])
FILES = os.path.join(FOLDER, "files")
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN_")}


def cases():
	with open(os.path.join(FOLDER, "cases.txt"), encoding="utf-8") as f:
		for line in f:
			if line.strip() and not line.startswith("#"):
				name, arguments = line.rstrip("\n").split(":", 1)
				arguments, _, source = arguments.partition("<")
				yield name, shlex.split(arguments), source.strip()


def run(arguments, source):
	with open(os.path.join(FILES, source) if source else os.devnull, "rb") as stdin:
		r = subprocess.run([TOCSIN, "check", *arguments], cwd=FILES, stdin=stdin, capture_output=True, env=ENVIRONMENT, timeout=60)
	return r.stdout.decode(), r.stderr.decode(), r.returncode


# What SARIF 2.1.0 has of the objects that are used: {key: type or shape}; a "!" behind a key: it must be there. No other key may be.
MESSAGE = {"text!": str}
URI = {"uri!": str}
REGION = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
SARIF = {
	"$schema": str, "version!": ["2.1.0"], "runs!": [{
		"tool!": {"driver!": {"name!": str, "version": str, "rules": [{
			"id!": str, "shortDescription": MESSAGE, "defaultConfiguration": {"level": ["error", "warning", "note", "none"]}}]}},
		"columnKind": ["utf16CodeUnits", "unicodeCodePoints"],
		"results": [{
			"ruleId": str, "ruleIndex": 0, "level": ["error", "warning", "note", "none"], "message!": MESSAGE,
			"locations": [{"physicalLocation": {"artifactLocation": URI, "region": REGION}}],
			"fixes": [{"description": MESSAGE, "artifactChanges!": [{
				"artifactLocation!": URI, "replacements!": [{"deletedRegion!": REGION, "insertedContent": MESSAGE}]}]}]}]}]}


def expect_shape(value, shape, place):
	if isinstance(shape, dict):
		allowed = {key.rstrip("!"): inner for key, inner in shape.items()}
		assert isinstance(value, dict) and set(value) <= set(allowed), f"{place}: {value}"
		assert {key[:-1] for key in shape if key.endswith("!")} <= set(value), f"{place}: a key is missing"
		for key, inner in value.items():
			expect_shape(inner, allowed[key], f"{place}.{key}")
	elif isinstance(shape, list) and isinstance(shape[0], dict):
		assert isinstance(value, list), place
		for item in value:
			expect_shape(item, shape[0], place)
	elif isinstance(shape, list):
		assert value in shape, f"{place}: {value}"
	elif isinstance(shape, int):
		assert isinstance(value, int) and value >= shape, f"{place}: {value}"
	else:
		assert isinstance(value, shape), f"{place}: {value}"


def expect_sarif(document):
	expect_shape(document, SARIF, "sarif")
	for run in document["runs"]:
		for result in run["results"]:
			assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"], result


def is_well_formed(arguments, out):
	"""The formats for programs, by what reads them."""
	if "json" in arguments:
		json.loads(out)
	if "sarif" in arguments:
		expect_sarif(json.loads(out))
	if "junit" in arguments or "checkstyle" in arguments:
		xml.dom.minidom.parseString(out)


def compare(name, got):
	path = os.path.join(FOLDER, name + ".expected")
	wanted = ""
	if os.path.exists(path):
		with open(path, encoding="utf-8") as f:
			wanted = f.read()
	if got == wanted:
		return True
	if os.environ.get("UPDATE_GOLDEN"):
		with open(path, "w", encoding="utf-8") as f:
			f.write(got)
		return True
	print(f"{name}: expected\n{wanted}\ngot\n{got}")
	return False


def main():
	passed = failed = 0
	for name, arguments, source in cases():
		out, err, code = run(arguments, source)
		if code != 2:
			is_well_formed(arguments, out)
		good = compare(name, f"{out}--- stderr\n{err}--- exit code {code}\n")
		passed += good
		failed += not good
	print(f"{passed} passed, {failed} failed")
	sys.exit(1 if failed or not passed else 0)


main()
