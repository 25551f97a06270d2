"""The load: a process of its own with a few keep-alive connections, lean enough to leave the server the bottleneck.

Reads one task as JSON from standard input, writes one answer as JSON to standard output.
Run by `bench.processes`.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle, islice

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length: "
BLOCK = 1024 * 1024


@dataclass
class Line:
    """One connection, and how far its current answer has come."""

    socket: socket.socket
    started: float = 0.0
    got: bytearray = field(default_factory=bytearray)


def main() -> None:
    task = json.load(sys.stdin)
    answer = fetched(task) if task["kind"] == "fetch" else pressed(task)
    json.dump(answer, sys.stdout)


def pressed(task: dict) -> dict:
    """Asks for the paths in turn, over and over for so many seconds, or each once where `seconds` is 0."""
    asked = [request(task, path) for path in task["paths"]]
    requests = cycle(asked) if task["seconds"] else islice(asked, None)
    lines = {}
    poll = select.epoll()
    for _ in range(task["connections"]):
        line = Line(socket.create_connection(("127.0.0.1", task["port"])))
        line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines[line.socket.fileno()] = line
        poll.register(line.socket, select.EPOLLIN)
    statuses: Counter[str] = Counter()
    times: list[float] = []
    busy = sum(sent(line, requests) for line in lines.values())
    began = time.perf_counter()
    until = began + task["seconds"] if task["seconds"] else float("inf")
    while busy:
        for number, _ in poll.poll(10):
            line = lines[number]
            line.got += line.socket.recv(BLOCK)
            if not is_whole(line.got):
                continue
            now = time.perf_counter()
            times.append(now - line.started)
            statuses[line.got[9:12].decode()] += 1
            busy -= 1
            busy += now < until and sent(line, requests)
    seconds = time.perf_counter() - began
    for line in lines.values():
        line.socket.close()
    times.sort()
    return {
        "rate": len(times) / seconds,
        "p50": times[len(times) // 2] * 1000,
        "p99": times[len(times) * 99 // 100] * 1000,
        "statuses": statuses,
    }


def request(task: dict, path: str) -> bytes:
    headers = {"Host": f"127.0.0.1:{task['port']}", "Accept-Language": "de", **task.get("headers", {})}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def sent(line: Line, requests) -> bool:
    """Whether there was another one to send."""
    following = next(requests, None)
    if following is None:
        return False
    line.got.clear()
    line.started = time.perf_counter()
    line.socket.sendall(following)
    return True


def is_whole(got: bytearray) -> bool:
    end = got.find(HEAD_END)
    if end < 0:
        return False
    at = got.lower().find(LENGTH, 0, end)
    length = int(got[at + len(LENGTH) : got.find(b"\r", at)]) if at >= 0 else 0
    return len(got) >= end + len(HEAD_END) + length


def fetched(task: dict) -> dict:
    """One large body, read as fast as it comes."""
    buffer = memoryview(bytearray(BLOCK))
    with socket.create_connection(("127.0.0.1", task["port"])) as line:
        began = time.perf_counter()
        line.sendall(request(task, task["paths"][0]))
        head = bytearray()
        while HEAD_END not in head:
            head += line.recv(4096)
        end = head.find(HEAD_END)
        at = head.lower().find(LENGTH, 0, end)
        length = int(head[at + len(LENGTH) : head.find(b"\r", at)])
        got = len(head) - end - len(HEAD_END)
        while got < length and (read := line.recv_into(buffer)):
            got += read
    seconds = time.perf_counter() - began
    return {"status": head[9:12].decode(), "bytes": got, "rate": got / seconds / 1e6}


if __name__ == "__main__":
    main()
