# SPDX-License-Identifier: MIT
"""A TCP proxy between agent and broker that injects faults of networks, routers and overloaded servers."""

import asyncio
import socket
import struct
import threading

CHUNK = 4096


class Proxy:
    """Listens on a free port of 127.0.0.1 and connects to `target`, a port there. It takes about `ahead` bytes that it has not passed
    on yet; None: as many as the system takes. Methods may be called from any thread; a change applies when the call returns."""

    def __init__(self, target, ahead=None):
        self.target = target
        self._ahead = ahead
        self.port = 0
        self.accepted = []      # time of each connection, in seconds of the loop's clock
        self._came = threading.Condition()
        self._live = set()      # connections of the agent
        self._answer = None     # bytes that new connections get instead of the broker
        self._budget = None     # bytes towards the agent after which a new connection is cut
        self._delay = 0         # seconds, for every chunk
        self._rate = None       # bytes a second and direction
        self._frozen = set()
        self._loop = asyncio.new_event_loop()
        self._server = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.listen()

    def close(self):
        async def end():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.refuse()
        self.cut()
        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # Lasting behaviour.

    def listen(self):
        """Accepts connections again after refuse()."""
        async def listen():
            listener = socket.create_server(("127.0.0.1", self.port))
            if self._ahead:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._ahead)
            limit = {"limit": CHUNK} if self._ahead else {}
            self._server = await asyncio.start_server(self._connection, sock=listener, **limit)
            self.port = self._server.sockets[0].getsockname()[1]
        self._run(listen())

    def refuse(self):
        """Refuses new connections."""
        async def refuse():
            if self._server:
                self._server.close()
                self._server = None
        self._run(refuse())

    def answer(self, content):
        """New connections get these bytes only (b"" for silence); None connects to the broker again."""
        self._set(_answer=content)

    def cut_after(self, count):
        """Cuts new connections after that many bytes towards the agent; None: never."""
        self._set(_budget=count)

    def slow_down(self, delay=0, rate=None):
        """Delays every chunk by `delay` seconds and limits the rate to `rate` bytes a second."""
        self._set(_delay=delay, _rate=rate)

    # One-time actions.

    def cut(self):
        """Resets the present connections."""
        async def cut():
            for writer in list(self._live):
                reset(writer)
        self._run(cut())

    def freeze(self):
        """Keeps the present connections open, but passes no more data in either direction."""
        async def freeze():
            self._frozen |= self._live
        self._run(freeze())

    def wait_accepted(self, count, seconds):
        """Waits until that many connections have been accepted in total."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.accepted) >= count, seconds):
                raise AssertionError(f"expected {count} connections within {seconds} s, got {len(self.accepted)}")

    # In the loop's thread.

    def _run(self, what):
        asyncio.run_coroutine_threadsafe(what, self._loop).result()

    def _set(self, **values):
        async def change():
            for name, value in values.items():
                setattr(self, name, value)
        self._run(change())

    async def _connection(self, reader, writer):
        with self._came:
            self.accepted.append(self._loop.time())
            self._came.notify_all()
        self._live.add(writer)
        try:
            if self._answer is not None:
                writer.write(self._answer)
                while await reader.read(CHUNK):
                    pass
                return
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
            try:
                ways = [asyncio.ensure_future(self._pass_on(reader, there_writer, writer, None)),
                        asyncio.ensure_future(self._pass_on(there_reader, writer, writer, self._budget))]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            finally:
                there_writer.close()
        except OSError:
            pass  # agent or broker closed the connection
        finally:
            self._live.discard(writer)
            self._frozen.discard(writer)
            writer.close()

    async def _pass_on(self, source, sink, connection, budget):
        while chunk := await source.read(CHUNK if budget is None else min(budget, CHUNK)):
            while connection in self._frozen:
                await asyncio.sleep(0.05)
            if self._delay or self._rate:
                await asyncio.sleep(self._delay + (len(chunk) / self._rate if self._rate else 0))
            sink.write(chunk)
            await sink.drain()
            if budget is not None:
                budget -= len(chunk)
                if budget <= 0:
                    return


def reset(writer):
    """Ends a connection with RST instead of FIN, as a router does that lost its state."""
    raw = writer.get_extra_info("socket")
    if raw is not None and raw.fileno() >= 0:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
