"""What drive.py leaves: pictures of what the client does, the pace of its requests, its errors, granules of Syntool."""
import datetime
import logging
import os
import struct
import tempfile
import time

import numpy

import matplotlib
import SEAScope.cmds.check_schema_version as check_schema_version
import SEAScope.cmds.get_current_datetime as get_current_datetime
import SEAScope.cmds.list_visible_data as list_visible_data
import SEAScope.lib.utils as utils
import SEAScope.upload as upload

START, STOP = datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 2)
NOON = datetime.datetime(2020, 1, 1, 12)
SIZE = (80, 60)


def rectangle(nx, ny, west, east, south, north):
    """Control points at the corners of nx × ny samples; rows go north."""
    return [{'lon': lon, 'lat': lat, 'i': i, 'j': j}
            for lat, j in ((south, 0), (north, ny - 1)) for lon, i in ((west, 0), (east, nx - 1))]


def middle(picture):
    return picture[SIZE[1] // 2][SIZE[0] // 2]


def close(a, b, by=3):
    return all(abs(x - y) <= by for x, y in zip(a, b))


def colour(name, share):
    """What matplotlib says; its tables are the originals of these maps."""
    return tuple(int(round(255 * c)) for c in matplotlib.colormaps[name](share)[:3])


def field(link, own, label, values, **look):
    """A raster between 40 and 50 W, 30 and 40 N; the view looks at its middle."""
    cid, collection = utils.create_collection(label)
    upload.collection(link, collection)
    variable = utils.create_variable(collection, 'value', ['value'])
    variable['rendering'].update(look)
    upload.variable(link, variable)
    rows, cols = values.shape
    _, granule = utils.create_granule(cid, rectangle(cols, rows, -50.0, -40.0, 30.0, 40.0), START, STOP)
    utils.set_field(granule, 'value', values.copy(), dynamic_packing=False, as_float=True)
    upload.granule(link, granule)
    return cid, variable


def pictures(check, ask, link, own):
    """Each change of the client is in the next picture, once an answer says that it has been carried out."""
    def drawn():
        ask(link, get_current_datetime)
        return own.picture(*SIZE)

    upload.reset_camera(link)
    upload.current_datetime(link, NOON)
    upload.location(link, -45.3, 35.2)
    upload.altitude(link, 1.5e6)
    # Nothing selected.
    for layer in own.ask('get', what='project')[0]['value']['layers']:
        own.command('remove_layer', layer=layer['id'])
    bare = drawn()
    if bare is None:
        print('skipped: pictures, for there is no graphics adapter', flush=True)
        return
    cid, variable = field(link, own, 'Pictures', numpy.full((21, 21), 7.5), min=5.0, max=15.0, colormap='viridis')
    target = variable['rendering']['target']
    check('an unselected variable is in no picture', drawn() == bare)
    upload.select_variable_by_id(link, 1, cid, 0, True, True)
    shown = drawn()
    check('the colour of its value', close(middle(shown), colour('viridis', 0.25)), middle(shown))
    config = upload.rendering_config_for(link, target)
    upload.rendering_config(link, dict(config, min=15.0, max=5.0))
    turned = middle(drawn())
    check('min above max turns the colours round', close(turned, colour('viridis', 0.75)), turned)
    upload.rendering_config(link, dict(config, colormap='', color=[200, 30, 90]))
    plain = middle(drawn())
    check('the uniform colour', close(plain, (200, 30, 90)), plain)
    upload.rendering_config(link, dict(config, opacity=0.5))
    half = middle(drawn())
    between = [min(a, b) < c < max(a, b) for a, b, c in zip(middle(bare), middle(shown), half) if abs(a - b) > 20]
    check('half opaque is between ground and colour', between and all(between), (middle(bare), half, middle(shown)))
    upload.rendering_config(link, dict(config, rendered=False))
    check('what is not rendered is in no picture', drawn() == bare)
    upload.rendering_config(link, dict(config, rendered=True))
    check('and comes back', drawn() == shown)
    upload.zoom_in(link)
    nearer = drawn()
    check('nearer is another picture', nearer != shown)
    upload.zoom_out(link)
    check('and out again the first', drawn() == shown)
    upload.current_datetime(link, datetime.datetime(2020, 1, 5))
    check('nothing on another day', drawn() == bare)
    upload.current_datetime(link, NOON)
    upload.select_variable_by_label(link, 'Pictures', 'value', False, False)
    check('nothing when it is dropped', drawn() == bare)


def syntool(check, ask, link, own):
    """An image of Syntool: rows from north to south, columns from west to east, 255 missing."""
    cid, collection = utils.create_collection('Syntool')
    upload.collection(link, collection)
    image = (10 * numpy.arange(4)[:, None] + numpy.arange(6)).astype('uint8')
    image[2, 3] = 255
    wkt = 'POLYGON((10 30,20 30,20 33,10 33,10 30))'
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'image.npy')
        numpy.save(path, image)
        _, granule = utils.import_granule_from_syntool(path, wkt, cid, START, STOP, 'brightness')
    upload.granule(link, granule)
    upload.variable(link, utils.create_variable(collection, 'brightness', ['brightness']))
    upload.select_variable_by_label(link, 'Syntool', 'brightness', True, True)
    check('the image is shown', len(ask(link, list_visible_data)) == 1)
    wrong = []
    for i in range(4):
        for j in range(6):
            rows = own.ask('probe', lon_deg=10.0 + 2 * j, lat_deg=33.0 - i, reach_deg=0.1)[0]['rows']
            row = [r for r in rows if r.get('field') == 'brightness'][0]
            found = row['values'][0]['value'] if row['state'] == 'value' else row['state']
            if found != (float(image[i, j]) if image[i, j] != 255 else 'missing'):
                wrong.append((i, j, found))
    check('every pixel where Syntool had it', not wrong, wrong)


def numbers(check, ask, link):
    """Identifiers below those of drawn shapes are lifted, and work."""
    utils.init_ids(1, 5)
    cid, collection = utils.create_collection('Lowest')
    gid, granule = utils.create_granule(cid, rectangle(2, 2, 0.0, 1.0, 0.0, 1.0), START, STOP)
    check('reserved numbers are left alone', (cid, gid) == (3, 1000), (cid, gid))
    upload.collection(link, collection)
    upload.variable(link, utils.create_variable(collection, 'one', ['one']))
    config = dict(utils.create_rendering_config(cid, 0), max=3.5, colormap='jet')
    upload.rendering_config(link, config)
    got = upload.rendering_config_for(link, config['target'])
    check('a rendering made by itself', got['max'] == 3.5 and got['target']['collectionId'] == 3, got)
    utils.init_ids(500, 5000)


def pace(check, ask, link):
    """The client's own brake: so many milliseconds between two requests at least."""
    upload.throttler.min_delay = 40
    began = time.monotonic()
    for k in range(6):
        upload.location(link, 1.0 * k, 0.0)
    # The clock of the client has microseconds; sleeping may end a moment early on some systems.
    check('requests are spread', time.monotonic() - began > 5 * 0.040 * 0.9, time.monotonic() - began)
    upload.throttler.min_delay = -5
    check('no negative delay', upload.throttler.min_delay == 0)


def schema(check, ask, port):
    said = []

    class Keep(logging.Handler):
        def emit(self, record):
            said.append(record.getMessage())
    logging.getLogger('SEAScope.upload').addHandler(Keep(logging.WARNING))
    with upload.connect('127.0.0.1', port, check_schema_version=True) as link:
        match, version = ask(link, check_schema_version)
        check('the client finds its own schema', match is True and said == [], (match, version, said))
        builder, root = check_schema_version.serialize(None)
        builder.Finish(root)
        message = builder.Output()
        link.sendall(struct.pack('>Q', len(message)) + message)
        size = struct.unpack('<Q', link.recv(8))[0]
        check('whole answers', len(upload.read_response(link, size)) == size > 0)


def mistakes(check):
    """What the client refuses by itself never reaches the session."""
    def refused(error, call):
        try:
            call()
        except error:
            return True
        return False
    _, granule = utils.create_granule(3, rectangle(3, 2, 0.0, 1.0, 0.0, 1.0), START, STOP)
    flat = numpy.zeros((2, 3))
    check('packing or floats', refused(utils.DynamicPackingFloatIncompatbilityError,
                                       lambda: utils.set_field(granule, 'a', flat, as_float=True)))
    check('three dimensions', refused(utils.FieldShapeError, lambda: utils.set_field(granule, 'a', flat[None])))
    utils.set_field(granule, 'a', flat.copy())
    check('another shape', refused(utils.IncompatibleFieldError,
                                   lambda: utils.set_field(granule, 'b', numpy.zeros((3, 3)))))


def unanswered(check, names):
    """Commands without an answer have a reader that says nothing."""
    import importlib
    import inspect
    for name in sorted(names):
        if name.startswith('SEAScope.cmds.') and name.endswith('.deserialize'):
            function = importlib.import_module(name.rpartition('.')[0]).deserialize
            if (inspect.getdoc(function) or 'not implemented').lower() == 'not implemented':
                count = len(inspect.signature(function).parameters)
                check('%s says nothing' % name, function(*[b''] * count) is None)
