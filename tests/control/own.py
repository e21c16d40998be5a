"""As much of our own protocol as the checks need (docs/protocol.md), with the standard library alone."""
import json
import socket
import struct


class Refused(Exception):
    """The application's sentence."""


class Own:
    """A connection; a context manager."""

    def __init__(self, port):
        self._link = socket.create_connection(('127.0.0.1', port))
        self._link.sendall(b'SEAGLASS')
        self._id = 0
        self.ask('hello', version=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._link.close()

    def _take(self, size):
        parts = []
        while size:
            part = self._link.recv(min(size, 1 << 20))
            if not part:
                raise EOFError('the application has hung up')
            parts.append(part)
            size -= len(part)
        return b''.join(parts)

    def ask(self, kind, /, **fields):
        """Header and payload of the answer."""
        self._id += 1
        text = json.dumps({'id': self._id, 'ask': kind, **fields}).encode()
        self._link.sendall(struct.pack('<IQ', len(text), 0) + text)
        while True:
            header, payload = struct.unpack('<IQ', self._take(12))
            answer, payload = json.loads(self._take(header)), self._take(payload)
            if answer.get('id') == self._id and 'event' not in answer:
                break
        if answer['answer'] == 'failed':
            raise Refused(answer['error'])
        return answer, payload

    def command(self, do, /, **fields):
        return self.ask('command', command={'do': do, **fields})[0]

    def picture(self, width, height):
        """Rows of pixels, complete; `None` where there is nothing to draw with."""
        try:
            head, pixels = self.ask('screenshot', size=[width, height], scale=1.0, raw=True, timeout_ms=120000)
        except Refused as e:
            if 'Nothing can be drawn' in str(e):
                return None
            raise
        row = 4 * head['width']
        return [[tuple(pixels[y * row + 4 * x:y * row + 4 * x + 3]) for x in range(head['width'])]
                for y in range(head['height'])]
