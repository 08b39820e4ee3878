"""A server behind TLS, names and passwords, and certificates of every kind, good and bad, made when the test runs."""
import base64
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading
import urllib.parse

REQUEST_CONFIG = """
[ca]
default_ca = it
[it]
database = {folder}/{issuer}.index
new_certs_dir = {folder}
default_md = sha256
policy = anything
unique_subject = no
rand_serial = yes
[anything]
commonName = supplied
[req]
distinguished_name = subject
prompt = no
[subject]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE
[server]
basicConstraints = CA:FALSE
subjectAltName = {names}
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
"""


class Certificates:
	"""A folder of PEM files: NAME.pem and NAME.key. Authorities sign the others."""

	def __init__(self, folder):
		self.folder = folder

	def path(self, name):
		return os.path.join(self.folder, name)

	def read(self, name):
		with open(self.path(name), encoding="utf-8") as file:
			return file.read()

	def openssl(self, *arguments):
		run = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True)
		if run.returncode != 0:
			raise RuntimeError(f"openssl {' '.join(arguments)}: {run.stderr}")

	def configure(self, name, issuer, names):
		text = REQUEST_CONFIG.format(folder=self.folder, issuer=issuer, name=name, names=names or "DNS:none.invalid")
		with open(self.path(name + ".conf"), "w", encoding="utf-8") as file:
			file.write(text)
		return name + ".conf"

	def make_key(self, name):
		self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", name + ".key")

	def authority(self, name):
		config = self.configure(name, name, None)
		self.make_key(name)
		self.openssl("req", "-new", "-x509", "-key", name + ".key", "-out", name + ".pem", "-days", "2", "-config", config,
					 "-extensions", "authority")
		open(self.path(name + ".index"), "w", encoding="utf-8").close()

	def issue(self, name, issuer, kind, names=None, dates=("20200101000000Z", "20991231000000Z")):
		config = self.configure(name, issuer, names)
		self.make_key(name)
		self.openssl("req", "-new", "-key", name + ".key", "-out", name + ".request", "-config", config)
		self.openssl("ca", "-batch", "-notext", "-config", config, "-cert", issuer + ".pem", "-keyfile", issuer + ".key",
					 "-in", name + ".request", "-out", name + ".pem", "-extensions", kind, "-startdate", dates[0], "-enddate", dates[1])

	def self_signed(self, name, names):
		config = self.configure(name, name, names)
		self.make_key(name)
		self.openssl("req", "-new", "-x509", "-key", name + ".key", "-out", name + ".pem", "-days", "2", "-config", config,
					 "-extensions", "server")


def basic(username, password):
	return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def vector(body):
	"""One series at the time that was asked for."""
	time = urllib.parse.parse_qs(body).get("time", ["0"])[0]
	data = {"resultType": "vector", "result": [{"metric": {"__name__": "up"}, "value": [float(time), "1"]}]}
	return json.dumps({"status": "success", "data": data})


class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def do_POST(self):
		peer = self.server.peer
		body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
		shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
		name = dict(part[0] for part in shown["subject"])["commonName"] if shown else None
		peer.seen.append({"path": self.path, "headers": self.headers, "certificate": name, "body": body.decode(errors="replace"),
						  "connection": self.client_address[1]})
		status, headers, text = peer.answer(self.path, self.headers, body.decode(errors="replace"))
		self.send_response(status)
		for key, value in headers.items():
			self.send_header(key, value)
		self.send_header("Content-Length", str(len(text.encode())))
		self.end_headers()
		self.wfile.write(text.encode())

	do_GET = do_POST

	def log_message(self, *args):
		pass


class Listener(http.server.ThreadingHTTPServer):
	daemon_threads = True
	request_queue_size = 50

	def handle_error(self, request, client_address):
		pass  # a handshake that fails is what many of the tests want


class Peer:
	"""Answers as Prometheus does to a query, and as Alertmanager to alerts, unless told otherwise; remembers what it saw."""

	def __init__(self, context=None, wants=None, answer=None):
		self.seen = []
		self.wants = wants or {}  # header: its value, or the list of its values
		self.special = answer  # path, headers -> (status, headers, text) or None
		self.listener = Listener(("127.0.0.1", 0), Handler, bind_and_activate=True)
		self.listener.peer = self
		self.port = self.listener.server_port
		if context is not None:
			# the handshake belongs into the connection's thread, not into the one that accepts
			self.listener.socket = context.wrap_socket(self.listener.socket, server_side=True, do_handshake_on_connect=False)
		threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

	def answer(self, path, headers, body):
		special = self.special(path, headers) if self.special else None
		if special:
			return special
		for name, value in self.wants.items():
			if headers.get_all(name, []) != (value if isinstance(value, list) else [value]):
				return 401, {"WWW-Authenticate": "Basic"}, "who are you"
		return 200, {"Content-Type": "application/json"}, "" if path.endswith("/alerts") else vector(body)

	def close(self):
		self.listener.shutdown()
		self.listener.server_close()


def server_context(certificates, name, client_authority=None, versions=None):
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.load_cert_chain(certificates.path(name + ".pem"), certificates.path(name + ".key"))
	if client_authority:
		context.load_verify_locations(certificates.path(client_authority + ".pem"))
		context.verify_mode = ssl.CERT_REQUIRED
	if versions:
		context.minimum_version, context.maximum_version = versions
	return context


class ConnectProxy:
	"""A proxy that only knows CONNECT. `wants` is the Proxy-Authorization it asks for."""

	def __init__(self, wants=None):
		self.wants, self.asked = wants, []
		self.listener = socket.create_server(("127.0.0.1", 0))
		self.port = self.listener.getsockname()[1]
		threading.Thread(target=self.serve, daemon=True).start()

	def serve(self):
		while True:
			try:
				connection, _ = self.listener.accept()
			except OSError:
				return
			threading.Thread(target=self.carry, args=(connection,), daemon=True).start()

	def carry(self, connection):
		head = b""
		while b"\r\n\r\n" not in head:
			piece = connection.recv(4096)
			if not piece:
				return
			head += piece
		lines = head.decode().split("\r\n")
		self.asked.append(lines[0])
		if self.wants and f"Proxy-Authorization: {self.wants}" not in lines:
			connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
			connection.close()
			return
		host, port = lines[0].split()[1].rsplit(":", 1)
		with socket.create_connection((host, int(port))) as there, connection:
			connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
			back = threading.Thread(target=pump, args=(there, connection), daemon=True)
			back.start()
			pump(connection, there)
			back.join(5)

	def close(self):
		self.listener.close()


def pump(source, target):
	try:
		while piece := source.recv(65536):
			target.sendall(piece)
		target.shutdown(socket.SHUT_WR)
	except OSError:
		pass
