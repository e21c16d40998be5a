"""A display without a screen, and hands at its mouse and keys: the few requests of X11 that this takes, without a library."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import time

import numpy as np

MOTION, PRESS, RELEASE = 6, 4, 5
KEY_PRESS, KEY_RELEASE = 2, 3
# Keysyms of keys that are no character.
KEYS = {
    "ctrl": 0xFFE3, "shift": 0xFFE1, "alt": 0xFFE9, "return": 0xFF0D, "escape": 0xFF1B, "tab": 0xFF09,
    "backspace": 0xFF08, "delete": 0xFFFF, "home": 0xFF50, "end": 0xFF57, "left": 0xFF51, "up": 0xFF52,
    "right": 0xFF53, "down": 0xFF54, "space": 0x20, "plus": 0x2B,
}  # fmt: skip
WHEEL_UP, WHEEL_DOWN = 4, 5


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
        first, last = more[26], more[27]
        reply = self._ask(struct.pack("<BxHBBxx", 101, 2, first, last - first + 1))
        width, symbols = reply[1], struct.unpack_from(f"<{(len(reply) - 32) // 4}I", reply, 32)
        # Keysym: the key, and whether Shift is held.
        self.keys: dict[int, tuple[int, bool]] = {}
        for k in range(last - first + 1):
            for level in (0, 1):
                symbol = symbols[k * width + level] if width > level else 0
                if symbol:
                    self.keys.setdefault(symbol, (first + k, level == 1))
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

    def wheel(self, x: int, y: int, steps: int) -> None:
        """Turns the wheel there: up for positive numbers."""
        self.move(x, y)
        for _ in range(abs(steps)):
            self._fake(PRESS, WHEEL_UP if steps > 0 else WHEEL_DOWN)
            self._fake(RELEASE, WHEEL_UP if steps > 0 else WHEEL_DOWN)
        self.sync()

    def drag(self, start: tuple[int, int], end: tuple[int, int], pause: float = 0.05) -> None:
        """Takes hold at one place and lets go at another, with a pause at each step."""
        self.move(*start)
        time.sleep(pause)
        self.press()
        for k in range(9):
            time.sleep(pause)
            self.move(*(round(a + (b - a) * k / 8) for a, b in zip(start, end, strict=True)))
        time.sleep(4 * pause)
        self.release()

    def key(self, names: str) -> None:
        """Presses keys together, such as ``ctrl+shift+o``, and lets them go."""
        held = [KEYS[n] if n in KEYS else ord(n) for n in names.split("+")]
        codes = [self.keys[symbol] for symbol in held]
        if codes[-1][1] and "shift" not in names:
            codes.insert(0, self.keys[KEYS["shift"]])
        for code, _ in codes:
            self._fake(KEY_PRESS, code)
        for code, _ in reversed(codes):
            self._fake(KEY_RELEASE, code)
        self.sync()

    def write(self, text: str) -> None:
        """Types a text."""
        for letter in text:
            self.key({" ": "space", "+": "plus"}.get(letter, letter))
            # A hand is not quicker.
            time.sleep(0.01)

    def focus(self, window: int) -> None:
        """Gives a window the keyboard: there is no window manager that would."""
        self.link.sendall(struct.pack("<BBHII", 42, 1, 3, window, 0))
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

    def is_shown(self, window: int) -> bool:
        return self._ask(struct.pack("<BxHI", 3, 2, window))[26] == 2

    def show(self, window: int, on: bool) -> None:
        self.link.sendall(struct.pack("<BxHI", 8 if on else 10, 2, window))
        self.sync()

    def picture(self) -> np.ndarray:
        """What the whole display shows: height × width × RGB."""
        width, height = self.size(self.root)
        reply = self._ask(struct.pack("<BBHIhhHHI", 73, 2, 5, self.root, 0, 0, width, height, 0xFFFFFFFF))
        return np.frombuffer(reply, np.uint8, width * height * 4, 32).reshape(height, width, 4)[:, :, 2::-1]
