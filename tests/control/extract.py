"""What was extracted, as the published client and its processing server see it.

usage: extract.py PORT KIND PROCESSOR_PORT

The session has opened a grid of one degree whose value is 360 × row + column, and has extracted under a shape of that
KIND (polygon or line). Expectations follow from the grid.
"""
import json
import os
import socket
import struct
import sys
import tempfile
import threading
import time

import numpy

import SEAScope.lib
import SEAScope.lib.utils as utils

PORT, KIND, PROCESSOR = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


def check(name, ok, found=None):
    print('%s %s' % ('ok  ' if ok else 'FAIL', name), '' if ok else found, flush=True)
    if not ok:
        sys.exit(1)


def fetch():
    end = time.time() + 120
    while time.time() < end:
        data = SEAScope.lib.get_extracted_data('127.0.0.1', PORT)
        if data:
            return data
        time.sleep(0.2)
    check('an extraction', False, data)


def numbers(lon, lat):
    """Numbers of the cells that hold these places."""
    row = numpy.floor(lat + 90.0)
    col = numpy.floor((lon + 180.0) % 360.0)
    return row * 360 + col


data = fetch()
names = list(data)
check('data first, then the mask', len(names) == 2 and names[1] == 'mask' and names[0].endswith('world.nc'), names)
entry, mask = data[names[0]], data['mask']
[field] = entry['data']
values = entry['data'][field]
inside = ~numpy.ma.getmaskarray(mask['data']['mask'])
shape = entry['meta']['shape']
check('one grid', values.shape == shape == mask['meta']['shape'], (values.shape, shape))
if KIND == 'polygon':
    gcps = entry['meta']['gcps']
    check('64 control points', len(gcps) == 64, len(gcps))
    check('row 0 lies in the south', gcps[0]['lat'] < gcps[63]['lat'])
    lon, lat = utils.get_lonlat(entry, shape)
else:
    gcps = entry['meta']['gcps']
    check('a point a sample', shape == (1, len(gcps)), (shape, len(gcps)))
    lon = numpy.array([[g['lon'] for g in gcps]])
    lat = numpy.array([[g['lat'] for g in gcps]])
    check('distances grow', numpy.all(numpy.diff(SEAScope.lib.get_dists(mask)) > 0))
# Within a thousandth of a degree of an edge either cell is right.
clear = (numpy.abs(lat - numpy.round(lat)) > 1e-3) & (numpy.abs(lon - numpy.round(lon)) > 1e-3)
valid = ~numpy.ma.getmaskarray(values)
check('values wherever the shape is', numpy.array_equal(valid, inside), (valid.sum(), inside.sum()))
want = numbers(lon, lat)
good = values.data[valid & clear] == want[valid & clear]
check('each value is that of its place', good.all() and good.size > 7, (good.size, good.mean()))
if KIND == 'polygon':
    # 175 E to 175 W, 3 S to 4 N, but for half a cell of the grid at the edges.
    turned = lon % 360.0
    step = 7.0 / shape[0]
    well = (turned > 175 + step) & (turned < 185 - step) & (lat > -3 + step) & (lat < 4 - step)
    check('the mask is the shape', inside[well].all() and inside.mean() > 0.85, (inside[well].mean(), inside.mean()))

# The processing server, as it comes from its package, called by the session.
import SEAScope.cli.server as processor
fetched = SEAScope.lib.get_extracted_data
SEAScope.lib.get_extracted_data = lambda: fetched('127.0.0.1', PORT)
server = socket.socket()
server.bind(('127.0.0.1', PROCESSOR))
server.listen(4)
made = tempfile.mkdtemp()
tempfile.tempdir = made


def ask(command):
    """One command of our own protocol."""
    link = socket.create_connection(('127.0.0.1', PORT))
    link.sendall(b'SEAGLASS')

    def send(header):
        text = json.dumps(header).encode()
        link.sendall(struct.pack('<IQ', len(text), 0) + text)

    def receive():
        head = b''
        while len(head) < 12:
            head += link.recv(12 - len(head))
        size, payload = struct.unpack('<IQ', head)
        text = b''
        while len(text) < size + payload:
            text += link.recv(size + payload - len(text))
        return json.loads(text[:size])

    send({'id': 1, 'ask': 'hello', 'version': 1})
    check('a greeting', receive()['answer'] == 'hello')
    send({'id': 2, 'ask': 'command', 'command': command})
    got = receive()
    check('a command is done', got['answer'] == 'done' and got['id'] == 2, got)
    link.close()


kinds = [('pictures', '.png'), ('save', '.pyo')] + ([('transects', '.png')] if KIND == 'line' else [])
for what, ending in kinds:
    before = sum(len(files) for _, _, files in os.walk(made))
    ask({'do': 'process', 'what': what})
    server.settimeout(30)
    peer, _ = server.accept()
    unit = processor.ProcessingUnit(peer)
    unit.start()
    unit.join(120)
    files = [f for _, _, all_ in os.walk(made) for f in all_]
    check('the processor: ' + what, len(files) > before and any(f.endswith(ending) for f in files), files)
print('all is well')
