"""`tocsin check --prometheus` with a real Prometheus and a real VictoriaMetrics. The examples of docs/lints.md that need a server are about the
metrics that are scraped here. TAP."""
import http.server
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "..", "scripts", "lib"), os.path.join(HERE, "..", "golden")]
import lint_docs
from servers import ROOT, Home, Prometheus, Server, binary, free_port, program, wait_for, fetch_json, serve

PAGE = "# TYPE requests_total counter\n" + "".join(
	f'requests_total{{code="{code}",method="{method}"}} 5\n' for code in ("200", "404", "500") for method in ("GET", "POST")
) + "# TYPE queue_items gauge\nqueue_items 5\n# TYPE queue_items_total gauge\nqueue_items_total 5\nbusy 1\n"
SCRAPE = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: x, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


class Page(http.server.BaseHTTPRequestHandler):
	def do_GET(self):
		self.send_response(200)
		self.send_header("Content-Type", "text/plain; version=0.0.4")
		self.send_header("Content-Length", str(len(PAGE)))
		self.end_headers()
		self.wfile.write(PAGE.encode())

	do_POST = do_GET

	def log_message(self, *_):
		pass


class VictoriaMetrics(Server):
	ready_path = "/health"

	def __init__(self, home, scrape):
		file = home.write("victoria.yml", scrape)
		super().__init__(home, "victoria-metrics", [
			program("victoria-metrics"), "-storageDataPath", os.path.join(home.path, "victoria-data"),
			"-httpListenAddr=127.0.0.1:{port}", "-promscrape.config", file, "-search.latencyOffset=0s", "-memory.allowedBytes=256MB"])


def check(home, url, rules, *options):
	text = "groups:\n- name: example\n  rules:\n" + "".join("  " + line + "\n" for line in rules.strip("\n").splitlines())
	run = subprocess.run([binary(), "check", "--format", "json", "--prometheus", url, *options, "-"], input=text, capture_output=True,
						 text=True, env=home.environment, timeout=60)
	document = json.loads(run.stdout)
	return document["files"][0]["problems"], run


def equal(what, got, wanted):
	if got != wanted:
		raise AssertionError(f"{what}: got {got!r}, expected {wanted!r}")


def examples():
	with open(os.path.join(ROOT, "docs/lints.md"), encoding="utf-8") as f:
		sections = lint_docs.sections(f.read())
	lint_docs.TOCSIN = binary()
	needing = [name for name, (_, needs_server) in lint_docs.listed().items() if needs_server]
	return [(name, *lint_docs.examples(sections[name])) for name in needing]


def judge_examples(home, db, passed_over=()):
	count = 0
	for name, options, bad, good in examples():
		if name in passed_over:
			continue
		count += 1
		found, _ = check(home, db.url, bad, *options)
		equal(f"{name}, the bad example", [p["name"] for p in found], [name])
		found, _ = check(home, db.url, good, *options)
		equal(f"{name}, the good example", [p["name"] for p in found], [])
	if count < 3:
		raise AssertionError("too few examples")


def has_data(db):
	"""Two scrapes: rates have something to fail at."""
	return lambda: fetch_json(db.url + "/api/v1/query?query=count(rate(requests_total[5m]))")["data"]["result"]


def with_prometheus(home, port):
	db = Prometheus(home, SCRAPE.format(port=port)).start()
	wait_for("data", has_data(db))
	wait_for("types", lambda: fetch_json(db.url + "/api/v1/metadata")["data"].get("queue_items"))
	judge_examples(home, db)
	found, run = check(home, db.url, """
- record: job:requests:rate5m
  expr: sum by (job) (rate(requests_total[5m]))
- alert: Recorded
  expr: job:requests:rate5m > 100 and on () ALERTS{alertname="x"} and on () {__name__=~"nothing.*"}
  for: 5m
  labels: {severity: page}
# tocsin: disable=unknown-metric
- alert: Silenced
  expr: nothing_at_all > 5
  for: 5m
  labels: {severity: page}
""")
	equal("what is recorded here, or silenced, is not missed", [p["name"] for p in found], [])
	found, run = check(home, db.url, "- {record: a, expr: 'rate(requests_totla[5m])'}")
	equal("the place of it", [(p["line"], p["column"], p["endColumn"], p["help"]) for p in found if p["name"] == "unknown-metric"],
		  [(4, 29, 43, "there is requests_total")])
	many = "".join(f"- {{record: 'a:{i}', expr: 'sum by (job) (rate(requests_total{{code=\"{i}\"}}[5m]))'}}\n" for i in range(500))
	found, run = check(home, db.url, many, "--max-series", "100")
	equal("five hundred rules", (run.returncode, found), (0, []))


def with_victoria_metrics(home, port):
	db = VictoriaMetrics(home, SCRAPE.format(port=port)).start()
	wait_for("data", has_data(db))
	# Its queries do not fail where Prometheus' do, and it knows nothing of types.
	judge_examples(home, db, ("query-fails", "declared-gauge"))


def without_a_server(home, port):
	url = f"http://127.0.0.1:{free_port()}"
	found, run = check(home, url, "- {record: a, expr: b}\n- {record: a, expr: c}")
	equal("the other lints go on", ([p["name"] for p in found], run.returncode), (["duplicate-rules"], 3))
	if f"tocsin check: {url}: connection refused\n" not in run.stderr or run.stderr.count(url) != 1:
		raise AssertionError(run.stderr)
	found, run = check(home, f"http://127.0.0.1:{port}/somewhere", "- {record: a, expr: b}")
	equal("what is no Prometheus", (run.returncode, "not an answer of Prometheus" in run.stderr), (3, True))

	class Partial(http.server.BaseHTTPRequestHandler):
		"""A store of two parts, one of them away; and a tenant who has nothing."""

		def do_GET(self):
			body = b'{"status": "success", "data": []}'
			if self.path.startswith("/part/"):
				body = b'{"status": "success", "data": ["a"], "warnings": ["store 2 is away"]}'
			self.send_response(200)
			self.end_headers()
			self.wfile.write(body)

		do_POST = do_GET
		log_message = Page.log_message

	url, rule = f"http://127.0.0.1:{serve(Partial)}", "- {record: b, expr: c}"
	found, run = check(home, url + "/part", rule)
	equal("an answer that is not whole", (found, run.returncode), ([], 3))
	if "the answer is partial: store 2 is away (--allow-partial-answers)\n" not in run.stderr:
		raise AssertionError(run.stderr)
	found, run = check(home, url + "/part", rule, "--allow-partial-answers")
	equal("  when it will do", [p["name"] for p in found], ["unknown-metric"])
	found, run = check(home, url, rule)
	equal("a server without series", (found, run.returncode, run.stderr.count(url)), ([], 3, 1))


TESTS = [with_prometheus, with_victoria_metrics, without_a_server]


def main():
	print(f"1..{len(TESTS)}", flush=True)
	failed = False
	port = serve(Page)
	for number, test in enumerate(TESTS, 1):
		try:
			with Home() as home:
				test(home, port)
			print(f"ok {number} - {test.__name__}", flush=True)
		except Exception as error:
			failed = True
			print(f"not ok {number} - {test.__name__}", flush=True)
			print("# " + f"{type(error).__name__}: {error}".replace("\n", "\n# "), flush=True)
	sys.exit(failed)


main()
