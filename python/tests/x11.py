"""A display without a screen, and a hand at its mouse: the few requests of X11 that this takes, without a library."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess

import numpy as np

MOTION, PRESS, RELEASE = 6, 4, 5


class Display:
    """An Xvfb of its own. ``None`` from :meth:`start` where there is none."""

    @classmethod
    def start(cls, width: int = 1440, height: int = 900) -> Display | None:
        if shutil.which("Xvfb") is None:
            return None
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{width}x{height}x24", "-ac", "-nolisten", "tcp"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        number = process.stdout.readline().strip()
        if not number:
            process.kill()
            process.wait()
            return None
        return cls(process, int(number))

    def __init__(self, process: subprocess.Popen, number: int) -> None:
        self.process, self.name = process, f":{number}"
        self.link = socket.socket(socket.AF_UNIX)
        self.link.connect(f"/tmp/.X11-unix/X{number}")
        self.link.sendall(struct.pack("<BxHHHHxx", 0x6C, 11, 0, 0, 0))
        head = self._read(8)
        assert head[0] == 1, "the display refuses"
        more = self._read(4 * struct.unpack("<H", head[6:8])[0])
        vendor, formats = struct.unpack("<H", more[16:18])[0], more[21]
        self.root = struct.unpack_from("<I", more, 32 + (vendor + 3) // 4 * 4 + 8 * formats)[0]
        name = b"XTEST\0\0\0"
        reply = self._ask(struct.pack("<BxHHxx", 98, 2 + len(name) // 4, 5) + name)
        assert reply[8], "the display has no XTEST"
        self.test = reply[9]

    def _read(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            part = self.link.recv(n - len(data))
            assert part, "the display has gone"
            data += part
        return data

    def _ask(self, request: bytes) -> bytes:
        self.link.sendall(request)
        while True:
            reply = self._read(32)
            if reply[0] == 1:
                return reply + self._read(4 * struct.unpack("<I", reply[4:8])[0])
            assert reply[0] != 0, f"the display refuses {request!r}: {reply!r}"

    def close(self) -> None:
        self.link.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    # The hand.

    def _fake(self, kind: int, detail: int = 0, x: int = 0, y: int = 0) -> None:
        self.link.sendall(struct.pack("<BBHBBHII8xhh8x", self.test, 2, 9, kind, detail, 0, 0, 0, x, y))

    def move(self, x: int, y: int) -> None:
        self._fake(MOTION, 0, x, y)
        self.sync()

    def click(self, x: int, y: int, button: int = 1) -> None:
        self.move(x, y)
        self._fake(PRESS, button)
        self._fake(RELEASE, button)
        self.sync()

    def press(self, button: int = 1) -> None:
        self._fake(PRESS, button)
        self.sync()

    def release(self, button: int = 1) -> None:
        self._fake(RELEASE, button)
        self.sync()

    def sync(self) -> None:
        """Everything sent has been carried out."""
        self._ask(struct.pack("<BxH", 43, 1))

    # Windows.

    def windows(self) -> list[int]:
        """Children of the root."""
        reply = self._ask(struct.pack("<BxHI", 15, 2, self.root))
        return list(struct.unpack_from(f"<{struct.unpack_from('<H', reply, 16)[0]}I", reply, 32))

    def size(self, window: int) -> tuple[int, int]:
        reply = self._ask(struct.pack("<BxHI", 14, 2, window))
        return struct.unpack_from("<HH", reply, 16)

    def show(self, window: int, on: bool) -> None:
        self.link.sendall(struct.pack("<BxHI", 8 if on else 10, 2, window))
        self.sync()

    def picture(self) -> np.ndarray:
        """What the whole display shows: height × width × RGB."""
        width, height = self.size(self.root)
        reply = self._ask(struct.pack("<BBHIhhHHI", 73, 2, 5, self.root, 0, 0, width, height, 0xFFFFFFFF))
        return np.frombuffer(reply, np.uint8, width * height * 4, 32).reshape(height, width, 4)[:, :, 2::-1]
