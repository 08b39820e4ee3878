"""Well-typed expressions over the series of differential_data.py, made at random.

Each expression is made for a level: how exactly two correct evaluators must agree on its values.
  SUMMABLE  multiples of 1/4096: even their sums are exact, in any order
  EXACT     the same bits, since only single IEEE operations are involved
  CLOSE     the order of a summation or the library's exp() shows in the last digits
What jumps when a last digit changes (comparisons, floor, resets, ranks) asks for EXACT operands. Durations and times are chosen so
that no window's edge meets a sample, nor a step of a subquery (see differential_data.py): ranges of subqueries are no multiples
of 5 s, everything else in and around them is."""

SUMMABLE, EXACT, CLOSE = range(3)
COUNTERS = ["requests_total", "errors_total", "sparse_total", "latency_seconds_bucket", "latency_seconds_count"]
GAUGES = ["temperature", "queue_length", "up", "build_info", "flapping", "text"]
DISTINCT = ["requests_total", "temperature"]  # no two series ever have the same value
LABELS = ["job", "instance", "code", "room", "version", "le", "kind", "text", "nothing"]
MATCHERS = [
	'job="api"', 'job!="api"', 'job=~"api|web"', 'job!~"w.*"', 'job=~".+"', 'job=""', 'instance="a:1"', 'instance=~"[ab]:1"',
	'instance=~"a.*"', 'instance!~"a.*|d.*"', 'instance=~"(a|b):."', 'nothing=""', 'nothing!=""', 'job=~"(?i:API)"',
	'instance!="b:1",job!="web"', 'instance=~".*1"', 'instance=~".*:.*",job="batch"', 'job=~"a?pi"', "instance='a:1'",
]
OWN_MATCHERS = {
	"requests_total": ['code="200"', 'code=~"4..|5.."', 'code!~"5.."', 'code!="404"'],
	"temperature": ['room="x"', 'room=~"x|y"', 'room!="z"'],
	"build_info": ['version="v1.2"', 'version=~"v1\\\\.[23]"'],
	"text": ['text="🔥"', 'text=~".*\\\\\\\\"', 'text="quote \\" and \\\\"', 'text=~"ž.*ň"', 'text!~".* .*"', 'text=~"."', 'text=`<&>`'],
	"latency_seconds_bucket": ['le="+Inf"', 'le=~"0.*|1"', 'le!="many"'],
}
NAME_MATCHERS = ['__name__="up"', '__name__=~"errors_total|queue_length"', '__name__=~"up|flapping",job="api"', '__name__!~".*_.*",job="web"']
RANGES = ["1m", "90s", "5m", "3m30s", "10m", "100s10ms", "20m", "2m", "17s"]
STEPS = ["15s", "30s", "1m", "2m", "5m", ""]
SUBQUERY_RANGES = ["4m1s", "7m3s", "11m2s", "16m4s", "2m1s"]
OFFSETS = ["5m", "30s", "-5m", "1m30s", "10m", "-45s", "1h"]


class Grammar:
	def __init__(self, rng, first_second, last_second):
		self.rng = rng
		self.span = first_second, last_second
		self.shuffled = False  # in the answer to an instant the series come in no order: the server walks a hash map

	def expression(self, depth):
		"""(text, level, whether the order of an instant's series means something)"""
		self.shuffled = False
		level = self.rng.choice([SUMMABLE, EXACT, EXACT, CLOSE])
		kind = self.rng.random()
		if kind < 0.88:
			text = self.vector(depth, level)
		elif kind < 0.93:
			text = self.scalar(depth, level)
		elif kind < 0.97:
			text = f"{self.pick(['sort', 'sort_desc'])}({self.vector(depth - 1, EXACT)})"
			level, self.shuffled = EXACT, self.shuffled or "sort" in text
		else:
			level, text = EXACT, self.pick(['"text"', "'ž\\u00e1\\n'", "`raw\\`"])
		return text, level, not self.shuffled

	def raw_range(self, depth):
		"""A range vector as the whole expression: only an instant has one."""
		self.shuffled = False
		return self.matrix(depth, EXACT, COUNTERS + GAUGES + ["odd"]), EXACT, not self.shuffled

	def pick(self, options):
		return self.rng.choice(options)

	def maybe(self, probability, text):
		return text if self.rng.random() < probability else ""

	def at(self):
		second = self.rng.randint(self.span[0] // 5, self.span[1] // 5) * 5
		return self.pick([f" @ {second}", f" @ {second}.777", " @ start()", " @ end()"])

	def modifiers(self):
		offset, at = self.maybe(0.15, f" offset {self.pick(OFFSETS)}"), self.maybe(0.08, self.at())
		return self.pick([offset + at, at + offset])

	def matchers(self, metric):
		found = [self.pick(MATCHERS)] if self.rng.random() < 0.4 else []
		own = OWN_MATCHERS.get(metric)
		if own and self.rng.random() < 0.4:
			found.append(self.pick(own))
		return ",".join(found)

	def bare_selector(self, metrics):
		if self.rng.random() < 0.04 and len(metrics) > 2 and metrics[0] in GAUGES:
			return "{" + self.pick(NAME_MATCHERS) + "}"
		metric = self.pick(metrics)
		matchers = self.matchers(metric)
		return metric + ("{" + matchers + "}" if matchers else self.maybe(0.1, "{}"))

	def selector(self, metrics=None):
		return self.bare_selector(metrics or self.pick([COUNTERS, GAUGES, GAUGES + ["odd"]])) + self.modifiers()

	def number(self):
		return self.pick(["0", "1", "2", "0.5", "10", "100", "-1", "1e3", "0x10", "20", "1005", "NaN", "Inf", "-Inf"])

	def plain_number(self):
		return self.pick(["0", "1", "2", "0.5", "10", "-1.5", "64", "1005", "3"])

	def scalar(self, depth, level):
		kinds = [self.number, self.plain_number, self.plain_number]
		if depth > 0:
			kinds += [lambda: f"scalar({self.vector(depth - 1, level)})", lambda: f"-({self.scalar(depth - 1, level)})"]
			if level >= EXACT:
				kinds += [lambda: "time()", lambda: "pi()", lambda: self.scalar_arithmetic(depth)]
		return self.pick(kinds)()

	def scalar_arithmetic(self, depth):
		op = self.pick(["+", "-", "*", "/", "> bool", "== bool", "<= bool"])
		return f"({self.scalar(depth - 1, EXACT)} {op} {self.scalar(depth - 1, EXACT)})"

	def matrix(self, depth, level, metrics):
		"""Of plain samples of these metrics, or of a subquery."""
		if depth <= 0 or self.rng.random() < 0.6:
			return self.bare_selector(metrics) + f"[{self.pick(RANGES)}]" + self.modifiers()
		return self.subquery(self.selector(metrics) if self.rng.random() < 0.5 else self.vector(depth - 1, level))

	def subquery(self, inner):
		self.shuffled = True
		width, step = self.pick(SUBQUERY_RANGES), self.pick(STEPS)
		if step == "5m" and " @" in inner:
			step = "1m"  # Prometheus 2 finds what is pinned by @ even in a subquery that has no step
		return f"({inner})[{width}:{step}]" + self.modifiers()

	def counter_matrix(self, depth):
		"""Values far from zero, for functions that extrapolate towards it."""
		kind = self.rng.random()
		if depth <= 0 or kind < 0.75:
			return self.bare_selector(COUNTERS[:4]) + f"[{self.pick(RANGES)}]" + self.modifiers()
		inner = self.selector(COUNTERS[:3])
		return self.subquery(inner if kind < 0.9 else f"sum {self.grouping()}({inner})")

	def vector(self, depth, level):
		if depth <= 0:
			return self.selector()
		rules = [self.selector_rule] * 2 + [self.over_time] * 4 + [self.aggregate] * 4 + [self.with_scalar] * 3
		rules += [self.with_vector] * 3 + [self.set_operation] * 2 + [self.small_function] * 3 + [self.labels_function]
		rules += [self.absent, self.of_scalar]
		if level >= EXACT:
			rules += [self.rate] * 3 + [self.dates] + [self.timestamp] * 2 + [self.rounding]
		if level >= CLOSE:
			rules += [self.close_over_time] * 3 + [self.close_aggregate] * 3 + [self.close_function] * 2 + [self.quantile] * 2
		return self.pick(rules)(depth - 1, level)

	def selector_rule(self, depth, level):
		return self.selector()

	def over_time(self, depth, level):
		name = self.pick(["min", "max", "last", "sum", "count", "present"])
		if name == "sum":
			level = SUMMABLE
		return f"{name}_over_time({self.matrix(depth, level, COUNTERS + GAUGES + ['odd'])})"

	def rate(self, depth, level):
		name = self.pick(["rate", "rate", "increase", "irate", "delta", "idelta", "changes", "resets"])
		if name in ("delta", "idelta", "changes", "resets"):
			return f"{name}({self.matrix(depth, EXACT, GAUGES + COUNTERS)})"
		return f"{name}({self.counter_matrix(depth)})"

	def close_over_time(self, depth, level):
		name = self.pick(["avg_over_time", "stddev_over_time", "stdvar_over_time", "deriv", "quantile_over_time", "predict_linear"])
		matrix = self.matrix(depth, CLOSE, COUNTERS + GAUGES + self.pick([[], ["odd"]]))
		if name == "predict_linear":
			matrix = matrix.rpartition("]")[0] + "]"  # with @ Prometheus 2 moves the window along
		if name == "quantile_over_time":
			return f"{name}({self.pick(['0', '0.31', '0.5', '0.9', '1', '-1', '2'])}, {matrix})"
		if name == "predict_linear":
			return f"{name}({matrix}, {self.pick(['60', '3600', '-120'])})"
		return f"{name}({matrix})"

	def grouping(self, labels=None):
		chosen = self.rng.sample(labels or LABELS[:4], self.rng.randint(0, 2))
		return self.pick(["", f"by ({', '.join(chosen)}) ", f"by ({', '.join(chosen)}) ", f"without ({', '.join(chosen)}) "])

	def around(self, name, inner, parameter=""):
		"""The clause before or after."""
		grouping, arguments = self.grouping(), f"({parameter}{inner})"
		return f"{name} {grouping}{arguments}" if self.rng.random() < 0.6 else f"{name}{arguments} {grouping}"

	def aggregate(self, depth, level):
		name = self.pick(["sum", "sum", "min", "max", "count", "group", "topk", "bottomk", "count_values"])
		if name in ("topk", "bottomk"):
			return self.ranked(depth, name)
		if name == "count_values":
			inner = self.pick([self.selector(), f"({self.vector(depth, EXACT)} + 0)"])  # a sum's -0 is not the same in all versions
			return self.around(name, inner, '"value", ')
		return self.around(name, self.vector(depth, SUMMABLE if name == "sum" and level < CLOSE else level))

	def ranked(self, depth, name):
		"""Which of equals are taken, and how they are ordered, is not the same in all versions: only values that are never equal."""
		inner = self.selector(DISTINCT)
		if self.rng.random() < 0.4:
			function = self.pick(["max_over_time", "min_over_time", "last_over_time"])
			inner = f"{function}({self.bare_selector(DISTINCT)}[{self.pick(RANGES)}]{self.modifiers()})"
		if self.rng.random() < 0.4:
			inner = f"({inner} {self.pick(['> 20', '- 1000', '!= 0', '<= 1100'])})"
		return self.around(name, inner, f"{self.pick(['1', '2', '3', '5', '0'])}, ")

	def close_aggregate(self, depth, level):
		name = self.pick(["avg", "avg", "stddev", "stdvar", "quantile"])
		if name == "quantile":
			return self.around(name, self.vector(depth, CLOSE), f"{self.pick(['0', '0.31', '0.5', '0.9', '1', '-1', '2'])}, ")
		return self.around(name, self.selector(COUNTERS + GAUGES) if name[0] == "s" else self.vector(depth, CLOSE))

	def with_scalar(self, depth, level):
		exact = ["*", "/", "%", "> bool", "!= bool"] if level >= EXACT else []
		op = self.pick(["+", "-", ">", "<", ">=", "<=", "==", "!="] + exact)
		operands = level if op in "+-" else min(level, EXACT)
		scalar = self.plain_number() if operands == SUMMABLE else self.scalar(depth, operands)
		vector = self.vector(depth, operands)
		return f"({vector} {op} {scalar})" if self.rng.random() < 0.7 else f"({scalar} {op} {vector})"

	def matching(self):
		chosen = ", ".join(self.rng.sample(LABELS[:4], self.rng.randint(0, 2)))
		return self.pick(["", "on (job, instance) ", "ignoring (code, room, version) ", f"on ({chosen}) ", f"ignoring ({chosen}) "])

	def with_vector(self, depth, level):
		ops = ["+", "-", ">", "<=", "==", "!=", "< bool", "== bool"] + (["*", "/", "%"] if level >= EXACT else [])
		op, level = self.pick(ops), min(level, EXACT)
		kind = self.rng.random()
		if kind < 0.1:
			left, right = (self.selector([self.pick(["errors_total", "queue_length", "build_info", "up", "flapping"])]) for _ in range(2))
			return f"({left} {op} {self.pick(['on (job, instance)', 'ignoring (version)'])} {right})"
		if kind < 0.35:
			names = self.pick(["job", "job, instance", "instance"])
			name = self.pick(["sum", "max", "min", "count"])
			sides = [f"{name} by ({names}) ({self.vector(depth - 1, SUMMABLE)})" for _ in range(2)]
			return f"({sides[0]} {op} {sides[1]})"
		if kind < 0.6:
			many = self.selector([self.pick(["requests_total", "latency_seconds_bucket", "temperature"])])
			one = self.selector([self.pick(["errors_total", "queue_length", "build_info", "up"])])
			extra = self.pick(["", "(version)", "(job)", "()"])
			sides = f"{many} {op} on (job, instance) group_left {extra} {one}", f"{one} {op} on (job, instance) group_right {extra} {many}"
			return f"({self.pick(sides)})"
		if op in ("<=", ">", "==", "!="):
			op += " bool"  # of pairs that a comparison drops, Prometheus 2 does not see that they are too many
		return f"({self.vector(depth, level)} {op} {self.matching()}{self.vector(depth, level)})"

	def set_operation(self, depth, level):
		op = self.pick(["and", "or", "unless"])
		return f"({self.vector(depth, level)} {op} {self.matching()}{self.vector(depth, level)})"

	def nameless(self, depth, level):
		"""One metric or none: in Prometheus 2 two of one name at different steps are too many for a minus."""
		return self.pick([self.bare_selector(["temperature"]) + self.modifiers(), f"abs({self.vector(depth, level)})"])

	def small_function(self, depth, level):
		kinds = [
			lambda: f"abs({self.vector(depth, level)})", lambda: f"-({self.nameless(depth, level)})",
			lambda: f"clamp_min({self.vector(depth, level)}, {self.plain_number()})", lambda: f"+({self.vector(depth, level)})",
			lambda: f"clamp_max({self.vector(depth, level)}, {self.plain_number()})",
			lambda: f"clamp({self.vector(depth, level)}, {self.plain_number()}, {self.plain_number()})",
			lambda: f"sgn({self.vector(depth, min(level, EXACT))})",
		]
		return self.pick(kinds)()

	def rounding(self, depth, level):
		inner = self.vector(depth, EXACT)
		return self.pick([f"floor({inner})", f"ceil({inner})", f"round({inner})", f"round({inner}, 0.5)", f"round({inner}, 10)", f"sqrt({inner})"])

	def close_function(self, depth, level):
		name = self.pick(["ln", "log2", "log10", "exp", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
						  "asinh", "acosh", "atanh", "deg", "rad", "power", "atan2"])
		inner = self.vector(depth, EXACT)
		if name == "power":
			return f"({inner} ^ {self.pick(['2', '0.5', '-1', '3', '0'])})"
		if name == "atan2":
			return f"(abs({inner}) atan2 {self.pick(['1', '2', '-0.5'])})"
		return f"{name}({inner})"

	def quantile(self, depth, level):
		self.shuffled = True
		q = self.pick(["0.31416", "0.91371", "0.5", "0.99", "0", "1", "-1", "2"])
		inner = self.selector(["latency_seconds_bucket"])
		if self.rng.random() < 0.6:
			rate = f"rate({self.bare_selector(['latency_seconds_bucket'])}[{self.pick(RANGES)}]{self.modifiers()})"
			q = self.pick(["0.31416", "0.91371", "0.5123", "-1", "2"])
			inner = self.pick([rate, f"sum by (le) ({rate})", f"sum by (le, job) ({rate})"])
		return f"histogram_quantile({q}, {inner})"

	def labels_function(self, depth, level):
		inner = self.vector(depth, level)
		return self.pick([
			f'label_replace({inner}, "new", "$1-x", "instance", "(.*):.*")', f'label_replace({inner}, "job", "", "job", ".*")',
			f'label_replace({inner}, "new", "${{1}}", "text", "(.).*")', f'label_replace({inner}, "__name__", "renamed", "", "")',
			f'label_join({inner}, "both", "/", "job", "instance")', f'label_join({inner}, "new", "")',
			f'label_replace({inner}, "new", "$name", "job", "(?P<name>a)(.*)")',
		])

	def absent(self, depth, level):
		if self.rng.random() < 0.5:
			return f"absent_over_time({self.matrix(depth, EXACT, ['flapping', 'errors_total', 'nothing_at_all'])})"
		return f"absent({self.pick([self.selector(['nothing_at_all', 'flapping', 'errors_total']), self.vector(depth, EXACT)])})"

	def of_scalar(self, depth, level):
		return f"vector({self.scalar(depth, level)})"

	def timed_selector(self):
		"""For timestamp(), where Prometheus looks for offset and @ together in the wrong place."""
		return self.bare_selector(GAUGES) + self.pick(["", f" offset {self.pick(OFFSETS)}", self.at()])

	def timestamp(self, depth, level):
		selector = self.timed_selector()
		inner = self.pick([selector, selector, f"({selector})", f"abs({self.vector(depth, EXACT)})"])
		if depth > 0 and self.rng.random() < 0.3:
			return f"{self.pick(['min', 'max', 'last', 'changes'])}_over_time({self.subquery(f'timestamp({inner})')})".replace("changes_over_time", "changes")
		return f"timestamp({inner})"

	def dates(self, depth, level):
		name = self.pick(["hour", "minute", "month", "year", "day_of_week", "day_of_month", "day_of_year", "days_in_month"])
		return self.pick([f"{name}()", f"{name}(vector(time()))", f"{name}(timestamp({self.timed_selector()}))", f"{name}({self.selector(GAUGES)})"])
