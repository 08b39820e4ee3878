"""Counts what meson's test run did, test case by test case; tells once more what failed, then prints the closing line."""
import glob
import re
import sys
import xml.etree.ElementTree as xml

TOLD = 40  # lines of what a failed program printed, from its first complaint on, or else the last ones: the log above has them all

status, logs = int(sys.argv[1]), sys.argv[2:]
passed = failed = skipped = 0
counted = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)


def tell(suite, cases):
	print(f"\nfailed: {suite.get('name')}: {', '.join(case.get('name') for case in cases)}")
	said = "".join((suite.findtext(kind) or "") for kind in ("system-out", "system-err")) or "".join(cases[0].itertext())
	lines = said.strip().splitlines()
	first = next((i for i, line in enumerate(lines) if line.startswith("not ok")), max(0, len(lines) - TOLD))
	for line in lines[first:first + TOLD]:
		print(f"    {line}")


for path in [path for folder in logs for path in glob.glob(f"{folder}/testlog*.junit.xml")]:
	for suite in xml.parse(path).getroot().iter("testsuite"):
		bad = []
		for case in suite.iter("testcase"):
			kinds = {child.tag for child in case}
			# a runner of many cases says its own count on the last line it prints
			said = counted.findall("".join(case.itertext()) or suite.findtext("system-out") or "")
			if kinds & {"failure", "error"}:
				failed += 1
				bad.append(case)
			elif "skipped" in kinds:
				skipped += 1
			elif said:
				passed += int(said[-1][0])
				failed += int(said[-1][1])
			else:
				passed += 1
		if bad:
			tell(suite, bad)
if status != 0 and failed == 0:
	failed = 1
	print(f"\nfailed: meson test ended with {status}, though no test case did")
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(1 if failed or passed == 0 else 0)
