"""A TCP connection that can be cut: a port that leads to another one, until it is told otherwise."""
import asyncio
import threading

OPEN = "open"
REFUSING = "refusing"  # nobody listens
SILENT = "silent"  # connections are taken and nothing comes through, as when packets are lost on the way


class Wires:
	"""The loop that carries them, in a thread of its own."""

	def __init__(self):
		self.loop = asyncio.new_event_loop()
		threading.Thread(target=self.loop.run_forever, daemon=True).start()

	def call(self, coroutine):
		return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

	def lead_to(self, port):
		wire = Wire(self, port)
		self.call(wire.listen())
		return wire


class Wire:
	def __init__(self, wires, target):
		self.wires, self.target = wires, target
		self.state, self.port, self.server = OPEN, 0, None
		self.connections = set()

	@property
	def url(self):
		return f"http://127.0.0.1:{self.port}"

	def set(self, state):
		"""What is on the way is lost with its connection whenever the state changes."""
		self.wires.call(self.change(state))

	async def change(self, state):
		if state == self.state:
			return
		before, self.state = self.state, state
		if state != SILENT:
			for writer in list(self.connections):
				writer.transport.abort()
		if state == REFUSING:
			self.server.close()
		elif before == REFUSING:
			await self.listen()

	async def listen(self):
		self.server = await asyncio.start_server(self.take, "127.0.0.1", self.port, reuse_address=True)
		self.port = self.server.sockets[0].getsockname()[1]

	async def take(self, reader, writer):
		self.connections.add(writer)
		far = None
		try:
			if self.state == OPEN:
				far_reader, far = await asyncio.open_connection("127.0.0.1", self.target)
				self.connections.add(far)
				await asyncio.wait([asyncio.ensure_future(self.carry(reader, far)),
									asyncio.ensure_future(self.carry(far_reader, writer))],
								   return_when=asyncio.FIRST_COMPLETED)
			else:
				await self.carry(reader, None)
		except OSError:
			pass
		finally:
			for end in (writer, far):
				if end is not None:
					self.connections.discard(end)
					end.transport.abort() if self.state != OPEN else end.close()

	async def carry(self, reader, writer):
		try:
			while data := await reader.read(65536):
				if self.state == OPEN and writer is not None:
					writer.write(data)
					await writer.drain()
		except OSError:
			pass
