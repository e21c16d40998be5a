"""What was extracted, as the published client and its processing server see it.

usage: extract.py PORT KIND PROCESSOR_PORT

The session has opened a grid of one degree whose value is 360 × row + column, and has extracted under a shape of that
KIND (polygon or line). Expectations follow from the grid.
"""
import os
import socket
import struct
import sys
import tempfile
import time

import matplotlib.image
import numpy

import ledger

ledger.install()

import SEAScope.cmds.get_extraction as get_extraction
import SEAScope.lib
import SEAScope.lib.plots as plots
import SEAScope.lib.utils as utils
import SEAScope.upload as upload
from own import Own

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

# The same answer, asked and read step by step.
with upload.connect('127.0.0.1', PORT) as link:
    builder, root = get_extraction.serialize(None)
    builder.Finish(root)
    message = builder.Output()
    link.sendall(struct.pack('>Q', len(message)) + message)
    size = struct.unpack('<Q', link.recv(8))[0]
    again = utils.raw2data(get_extraction.deserialize(upload.read_response(link, size)))
check('any number of times', list(again) == names
      and numpy.ma.allequal(again[names[0]]['data'][field], values), list(again))
made = tempfile.mkdtemp()
kept = os.path.join(made, 'kept.pyo')
SEAScope.lib.save_pyo(data, kept)
back = SEAScope.lib.load_pyo(kept)
check('kept and read again', numpy.ma.allequal(back[names[0]]['data'][field], values))


def drawn(path):
    """How many colours a picture has."""
    # Every fifth pixel is enough: the client draws nine million.
    pixels = (255 * matplotlib.image.imread(path)[::5, ::5]).astype('uint8')
    return len(numpy.unique(pixels.view('uint32')))


picture = os.path.join(made, 'picture.png')
if KIND == 'polygon':
    lines, cells, lon8, lat8 = (numpy.array([g[k] for g in gcps]).reshape(8, 8) for k in ('j', 'i', 'lon', 'lat'))
    corner = utils.geoloc_from_gcps(lon8, lat8, lines, cells, numpy.array([0]), numpy.array([0]))
    check('control points are met', numpy.allclose([corner[0][0], corner[1][0]], [lon[0, 0], lat[0, 0]]), corner)
    try:
        check('a shape has two sides', utils.get_lonlat(entry, (1, 2, 3)) is None)
    except utils.InvalidShapeError:
        check('a shape has two sides', True)
    plots.plot_2d_data(names[0], field, values, picture)
    # Seven rows of cells by ten columns, each of another number.
    check('a picture of the cells', drawn(picture) > 40, drawn(picture))
else:
    plots.plot_transect(SEAScope.lib.get_dists(mask), {names[0]: values[0]}, picture)
    check('a picture of the line', drawn(picture) > 4, drawn(picture))
os.remove(picture)

# The processing server, as it comes from its package, called by the session.
import SEAScope.cli.server as processor
fetched = SEAScope.lib.get_extracted_data
SEAScope.lib.get_extracted_data = lambda: fetched('127.0.0.1', PORT)
server = socket.socket()
server.bind(('127.0.0.1', PROCESSOR))
server.listen(4)
tempfile.tempdir = made


kinds = [('pictures', '.png'), ('save', '.pyo')] + ([('transects', '.png')] if KIND == 'line' else [])
for what, ending in kinds:
    before = sum(len(files) for _, _, files in os.walk(made))
    with Own(PORT) as own:
        own.command('process', what=what)
    server.settimeout(30)
    peer, _ = server.accept()
    unit = processor.ProcessingUnit(peer)
    unit.start()
    unit.join(120)
    files = [f for _, _, all_ in os.walk(made) for f in all_]
    check('the processor: ' + what, len(files) > before and any(f.endswith(ending) for f in files), files)
missing = ledger.EXTRACTED[KIND] - ledger.called
check('what drive.py leaves to this is called', not missing, sorted(missing))
print('all is well')
