"""`python -m bench.listeners PORT STREAMS TOPIC`: a process of its own that follows many live streams at once.

What it measures must not be its own slowness, so it does next to nothing: one epoll loop reads, and the moment at
which news arrived is the one that the kernel noted when the bytes reached the socket (SO_TIMESTAMPNS), not the moment
at which Python came to read them. Linux only. Prints `open` when every stream was greeted, `heard` each time all have
heard of the topic once more, and when its standard input ends the moments of all turns as JSON.
"""

import json
import select
import socket
import struct
import sys
from collections import deque

SO_TIMESTAMPNS = 35  # Not named by the module `socket`.
AT_ONCE = 20
FROM_EACH = 150
"""The streams of one address: nginx lets one have 200."""
REQUEST = b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Crowd:
    """All listeners, and when they heard; `turns[n][i]` is one stream's moment of the n-th event, in nanoseconds."""

    def __init__(self, port: int, streams: int, topic: str) -> None:
        self.port = port
        self.streams = streams
        self.needle = f"event: {topic}\n".encode()
        self.waiting = deque(range(streams))
        self.open: dict[int, socket.socket] = {}
        self.greeted: set[int] = set()
        self.times: dict[int, int] = {}
        self.turns: list[list[int]] = []
        self.poll = select.epoll()

    def connect(self) -> None:
        """One more stream."""
        address = f"127.0.1.{1 + self.waiting.popleft() // FROM_EACH}"
        one = socket.create_connection(("127.0.0.1", self.port), source_address=(address, 0))
        one.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        one.sendall(REQUEST)
        one.setblocking(False)
        self.open[one.fileno()] = one
        self.poll.register(one, select.EPOLLIN)

    def run(self) -> None:
        """Listen until standard input ends."""
        self.poll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
        for _first in range(min(AT_ONCE, self.streams)):
            self.connect()
        while True:
            for number, _what in self.poll.poll():
                if number == sys.stdin.fileno():
                    return
                self.read(number)

    def read(self, number: int) -> None:
        """Take what is there, with the kernel's time."""
        data, beside, _flags, _address = self.open[number].recvmsg(65536, 64)
        if not data:
            sys.exit("the server has ended a stream")
        if number not in self.greeted:
            self.greet(number, data)
        if self.needle in data:
            ((_level, _kind, stamp),) = beside
            seconds, nanoseconds = struct.unpack("qq", stamp)
            turn = self.times[number] = self.times.get(number, -1) + 1
            if turn == len(self.turns):
                self.turns.append([])
            self.turns[turn].append(seconds * 1_000_000_000 + nanoseconds)
            if len(self.turns[turn]) == self.streams:
                print("heard", flush=True)

    def greet(self, number: int, data: bytes) -> None:
        """Note the hello; the next one may come."""
        if b": hi\n" not in data:
            if not data.startswith(b"HTTP/1.1 200 "):
                sys.exit(f"no stream: {data[:200]!r}")
            return
        self.greeted.add(number)
        if self.waiting:
            self.connect()
        elif len(self.greeted) == self.streams:
            print("open", flush=True)


if __name__ == "__main__":
    crowd = Crowd(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    crowd.run()
    print(json.dumps(crowd.turns), flush=True)
