"""Series for the differential test, and how they get into a Prometheus: remote write, the only way to store staleness markers.

Every sample stands 200 to 700 ms after a whole second, and no question's window ends there: windows of Prometheus 2 are closed
on the left, those of Prometheus 3 open, and on data like this nobody can tell. Values are multiples of 1/4096, so that sums are
exact in any order; counters stay far from zero, since what `rate` does close to it changed in between."""
import math
import random
import struct
import urllib.request

BASE = 1_700_000_000  # the first second with data
SECONDS = 9000
STALE = struct.pack("<Q", 0x7FF0000000000002)


class Series:
	def __init__(self, name, labels, samples):
		self.labels = sorted([("__name__", name), *labels.items()])
		self.samples = samples  # [(ms, float or bytes)]


def times(rng, interval, start=0, end=SECONDS, gaps=()):
	"""Irregular: the interval and up to a third more, some scrapes lost, nothing within the gaps."""
	t = start + rng.uniform(0, interval)
	while t < end:
		lost = rng.random() < 0.03 or any(a <= t < b for a, b in gaps)
		if not lost:
			yield (BASE + int(t)) * 1000 + rng.randint(200, 700)
		t += interval * rng.uniform(1, 1.33)


def counter(rng, stamps, increments=(0, 0, 1, 1, 2, 5, 0.125), reset=0.004):
	value = 1000 + rng.randint(0, 800) / 8
	for t in stamps:
		yield t, value
		value += rng.choice(increments)
		if rng.random() < reset and value > 300:
			value //= 2


def gauge(rng, stamps, start=20.0, step=6):
	value = start
	for t in stamps:
		yield t, value
		if rng.random() < 0.7:
			value += rng.randint(-step * 8, step * 8) / 8


def odd(rng, stamps):
	"""Not a number every now and then, or no finite one."""
	for t, value in gauge(rng, stamps):
		yield t, rng.choice([value] * 6 + [math.nan, math.inf, -math.inf, 0.0, -0.0])


def flapping(rng, stamps):
	"""Comes and goes, each time with a staleness marker."""
	up = True
	for t, value in gauge(rng, stamps):
		yield t, value if up else STALE
		up = rng.random() < 0.9 if up else rng.random() < 0.4


JOBS = {"api": ["a:1", "b:1", "c:1"], "batch": ["a:2", "b:2"], "web": ["d:80"]}


def targets():
	return [(job, instance) for job, instances in JOBS.items() for instance in instances]


def counters(rng):
	for job, instance in targets():
		gaps = [(2000, 2500)] if instance == "b:1" else [(4000, 4000 + 700)] if job == "web" else []
		start, end = (3000, 6000) if instance == "c:1" else (0, SECONDS)
		labels = {"job": job, "instance": instance}
		stamps = list(times(rng, 15, start, end, gaps))
		for code in ("200", "404", "500"):
			if code != "404" or job == "api":
				yield Series("requests_total", {**labels, "code": code}, list(counter(rng, stamps)))
		if job != "web":
			yield Series("errors_total", labels, list(counter(rng, stamps, (0, 0, 0, 1))))
		yield Series("sparse_total", labels, list(counter(rng, times(rng, 200, start, end), (0, 8, 30), 0.03)))


def gauges(rng):
	for job, instance in targets():
		labels = {"job": job, "instance": instance}
		yield Series("temperature", {**labels, "room": rng.choice("xyz")}, list(gauge(rng, times(rng, 30))))
		yield Series("queue_length", labels, list(gauge(rng, times(rng, 20, rng.randint(0, 3000)), 0, 2)))
		yield Series("up", labels, [(t, float(rng.random() < 0.9)) for t in times(rng, 15)])
		version = rng.choice(["v1.2", "v1.3"])
		yield Series("build_info", {**labels, "version": version}, [(t, 1.0) for t in times(rng, 60)])
		yield Series("flapping", labels, list(flapping(rng, times(rng, 25))))
	for kind in ("one", "two", "three"):
		yield Series("odd", {"kind": kind}, list(odd(rng, times(rng, 30))))
	for text in ("žluťoučký kůň", "🔥", 'quote " and \\', "<&>", "two words"):
		yield Series("text", {"text": text, "job": "api"}, list(gauge(rng, times(rng, 45), 5)))


def buckets(rng, labels, bounds, flaw=None):
	"""A classic histogram; `flaw` spoils its counts."""
	stamps = list(times(rng, 30))
	counts = [1000.0 * (i + 1) for i in range(len(bounds))]
	samples = [[] for _ in bounds]
	for t in stamps:
		for _ in range(rng.randint(0, 6)):
			first = rng.randint(0, len(bounds) - 1)
			for i in range(first, len(bounds)):
				counts[i] += 1
		for i, count in enumerate(counts):
			samples[i].append((t, count - 1200 if flaw == "not monotonic" and i == 2 else count))
	for bound, points in zip(bounds, samples):
		yield Series("latency_seconds_bucket", {**labels, "le": bound}, points)
	yield Series("latency_seconds_count", labels, samples[-1])
	yield Series("latency_seconds_sum", labels, list(counter(rng, stamps, (0.5, 1, 2.125))))


def histograms(rng):
	bounds = ["0.1", "0.25", "0.5", "1", "2.5", "+Inf"]
	yield from buckets(rng, {"job": "api", "instance": "a:1"}, bounds)
	yield from buckets(rng, {"job": "api", "instance": "b:1"}, bounds, "not monotonic")
	yield from buckets(rng, {"job": "batch", "instance": "a:2"}, bounds[:-1])  # no +Inf
	yield from buckets(rng, {"job": "batch", "instance": "b:2"}, ["-1", "0", "0.50", "many", "+Inf"])
	yield from buckets(rng, {"job": "web", "instance": "d:80"}, ["+Inf"])


def series(seed):
	"""In an order that is nobody's: the server keeps it, and so must everyone who reads from it."""
	rng = random.Random(seed)
	found = [*counters(rng), *gauges(rng), *histograms(rng)]
	for i, s in enumerate(found):  # in these two no two series are ever equal
		if s.labels[0][1] in ("requests_total", "temperature"):
			s.samples = [(t, value + i / 4096) for t, value in s.samples]
	rng.shuffle(found)
	return found


def varint(n):
	out = bytearray()
	while n > 127:
		out.append(n & 127 | 128)
		n >>= 7
	out.append(n)
	return bytes(out)


def field(number, payload):
	return varint(number << 3 | 2) + varint(len(payload)) + payload


def encode_series(labels, samples):
	"""One prometheus.TimeSeries of the remote-write protocol."""
	out = b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels)
	for t, value in samples:
		bits = value if isinstance(value, bytes) else struct.pack("<d", value)
		out += field(2, b"\x09" + bits + b"\x10" + varint(t))
	return field(1, out)


def snappy(data):
	"""The block format, all literals: nothing is won, nothing is needed."""
	out = varint(len(data))
	for at in range(0, len(data), 65536):
		piece = data[at:at + 65536]
		out += b"\xf4" + struct.pack("<H", len(piece) - 1) + piece
	return out


def write(url, body):
	headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
			   "X-Prometheus-Remote-Write-Version": "0.1.0"}
	request = urllib.request.Request(url + "/api/v1/write", snappy(body), headers, method="POST")
	with urllib.request.urlopen(request, timeout=30):
		pass


def send(url, found, slice_seconds=900):
	"""In slices of time, since nothing may be much older than the newest sample. The first slice makes the order of the series."""
	write(url, b"".join(encode_series(s.labels, [(BASE * 1000 - 40_000_000, 1.0)]) for s in found))
	for start in range(0, SECONDS, slice_seconds):
		first, last = (BASE + start) * 1000, (BASE + start + slice_seconds) * 1000
		write(url, b"".join(encode_series(s.labels, [p for p in s.samples if first <= p[0] < last]) for s in found))
	return sum(len(s.samples) for s in found)
