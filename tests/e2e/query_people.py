"""What `tocsin query` shows to people: a table with columns that line up, a range's points, and charts on a terminal. The server is
a stand-in with fixed answers. The last line counts."""
import fcntl
import http.server
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from servers import binary

VECTOR = [
	{"metric": {"__name__": "up", "job": "api", "zone": "žluť"}, "value": [1000, "1"]},
	{"metric": {"__name__": "up", "job": "a longer job"}, "value": [1000, "0.5"]},
	{"metric": {"__name__": "up", "job": "\u001b[2J"}, "value": [1000, "NaN"]},
]
MATRIX = [{"metric": {"__name__": "up", "job": "api"}, "values": [[1000 + 10 * i, str(v)] for i, v in enumerate([0, 1, 2, 3]) if v != 2]}]

CASES = [  # (options, on a terminal, expected)
	(["--time", "1000", "up"], False, """\
__name__  job           zone  VALUE
up        api           žluť  1
up        a longer job        0.5
up        "\\x1b[2J"           NaN
"""),
	(["--time", "1000", "--eval", "remote", "up"], True, """\
__name__  job           zone  VALUE
up        api           žluť  1
up        a longer job        0.5
up        "\\x1b[2J"           NaN
"""),
	(["--time", "1000", "1 + 1"], False, "2\n"),
	(["--time", "1000", "nothing"], False, ""),
	(["--start", "1000", "--end", "1030", "--step", "10s", "up"], False, """\
up{job="api"}
    1970-01-01T00:16:40.000Z  0
    1970-01-01T00:16:50.000Z  1
    1970-01-01T00:17:10.000Z  3
"""),
	(["--start", "1000", "--end", "1030", "--step", "10s", "--table", "vector(5) and vector(time()) > 1010"], True, """\
{}
    1970-01-01T00:17:00.000Z  5
    1970-01-01T00:17:10.000Z  5
"""),
	(["--start", "1000", "--end", "1030", "--step", "10s", "up"], True, """\
up{job="api"}
           3 ┤   █
             │   █
             │   █
             │ ▆ █
           0 ┤▁█ █
              1970-01-01T00:16:40.000Z  1970-01-01T00:17:10.000Z
"""),
]


class Answers(http.server.BaseHTTPRequestHandler):
	def do_POST(self):
		body = self.rfile.read(int(self.headers["Content-Length"])).decode()
		nothing = "nothing" in urllib.parse.parse_qs(body)["query"][0]
		kind, result = ("matrix", MATRIX) if self.path.endswith("_range") else ("vector", VECTOR)
		data = {"resultType": kind, "result": [] if nothing else result}
		text = json.dumps({"status": "success", "data": data}, ensure_ascii=False).encode()
		self.send_response(200)
		self.send_header("Content-Length", str(len(text)))
		self.end_headers()
		self.wfile.write(text)

	def log_message(self, *args):
		pass


def read_all(descriptor):
	out = b""
	while True:
		try:
			piece = os.read(descriptor, 4096)
		except OSError:  # the other end of a terminal is closed
			piece = b""
		if not piece:
			return out
		out += piece


def run(url, options, terminal):
	ours, theirs = pty.openpty() if terminal else os.pipe()
	if terminal:
		fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
	process = subprocess.Popen([binary(), "query", "--prometheus", url, *options], stdout=theirs, env={**os.environ, "NO_COLOR": "1"})
	os.close(theirs)
	out = read_all(ours)
	os.close(ours)
	return process.wait(), out.decode().replace("\r\n", "\n")


def main():
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	failed = 0
	for options, terminal, expected in CASES:
		status, out = run(f"http://127.0.0.1:{server.server_port}", options, terminal)
		lines = [line.rstrip() for line in out.split("\n")], [line.rstrip() for line in expected.split("\n")]
		if status != 0 or lines[0] != lines[1]:
			failed += 1
			print(f"tocsin query {' '.join(options)}: exit {status}\n{out}expected\n{expected}")
	server.shutdown()
	print(f"{len(CASES) - failed} passed, {failed} failed")
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main())
