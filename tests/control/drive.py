"""Every public function of the published client against a running session.

usage: drive.py PORT [files] [window]

Runs in an environment with pySEAScope; the session's state arrives on standard input, that of a window is asked for by
our own protocol. With `files` the session has opened one.

Expectations are what the client's documentation and the protocol say, never what the server answered before.
Prints one line a check and ends with a code other than 0 at the first that fails.
"""
import datetime
import inspect
import json
import socket
import struct
import sys
import threading
import time

import numpy

import ledger

# Before the others: whatever they take from the package is counted.
THERE = ledger.install()

import flatbuffers
import rest
import SEAScope.API.AddSource as AddSource
import SEAScope.API.AddTimespan as AddTimespan
import SEAScope.API.AddTimestep as AddTimestep
import SEAScope.API.Command as Command
import SEAScope.API.CommandArgs as CommandArgs
import SEAScope.API.ListSourcesResponse as ListSourcesResponse
import SEAScope.API.OpCode as OpCode
import SEAScope.API.RemoveSource as RemoveSource
import SEAScope.API.RemoveTimespan as RemoveTimespan
import SEAScope.API.RemoveTimestep as RemoveTimestep
import SEAScope.API.Source as Source
import SEAScope.API.Timespan as Timespan
import SEAScope.API.Timestep as Timestep
import SEAScope.lib
import SEAScope.lib.utils as utils
import SEAScope.upload as upload
import SEAScope.cmds.get_catalogues as get_catalogues
import SEAScope.cmds.get_current_datetime as get_current_datetime
import SEAScope.cmds.get_data_always_visible_mode as get_always
import SEAScope.cmds.get_nearest_mode as get_nearest
import SEAScope.cmds.get_timespan as get_timespan
import SEAScope.cmds.get_timestep as get_timestep
import SEAScope.cmds.list_timespans as list_timespans
import SEAScope.cmds.list_timesteps as list_timesteps
import SEAScope.cmds.list_visible_data as list_visible_data
import SEAScope.cmds.search_granules as search_granules
import SEAScope.cmds.set_data_always_visible_mode as set_always
import SEAScope.cmds.set_nearest_mode as set_nearest
import SEAScope.cmds.set_timespan as set_timespan
import SEAScope.cmds.set_timestep as set_timestep
from own import Own

HOST, PORT = '127.0.0.1', int(sys.argv[1])
START, STOP = datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 2)
NOON = datetime.datetime(2020, 1, 1, 12)
state = {}
arrived = threading.Condition()
# Second connection, by which the state of a window is asked for.
asking = Own(PORT) if 'window' in sys.argv[2:] else None


def listen():
    """Keeps the last state of the session that came on standard input."""
    for line in sys.stdin:
        if line.startswith('{'):
            with arrived:
                state.clear()
                state.update(json.loads(line))
                arrived.notify_all()


if not asking:
    threading.Thread(target=listen, daemon=True).start()


def check(name, ok, found=None):
    print('%s %s' % ('ok  ' if ok else 'FAIL', name), '' if ok else found, flush=True)
    if not ok:
        sys.exit(1)


def eventually(name, test):
    """The session's own report shows it; the report comes a moment after the command."""
    end = time.time() + 10
    with arrived:
        while time.time() < end:
            if asking:
                state.update(asking.ask('get', what='project')[0]['value'])
            try:
                if test(state):
                    check(name, True)
                    return
            except (KeyError, IndexError, TypeError):
                pass
            arrived.wait(0.2)
    check(name, False, json.dumps(state)[:1500])


def ask(link, module, *args):
    builder, root = module.serialize(None, *args)
    builder.Finish(root)
    message = builder.Output()
    link.sendall(struct.pack('>Q', len(message)) + message)
    if not inspect.signature(module.deserialize).parameters:
        return None
    size = struct.unpack('<Q', link.recv(8))[0]
    return module.deserialize(upload.read_response(link, size))


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def near(a, b, tolerance=1e-5):
    return abs(a - b) <= tolerance * max(1.0, abs(b))


def camera(link):
    upload.location(link, 12.5, -45.0)
    upload.altitude(link, 2e6)
    eventually('location and altitude', lambda s: near(s['camera']['target']['lon_deg'], 12.5)
               and near(s['camera']['target']['lat_deg'], -45.0) and near(s['camera']['altitude_m'], 2e6))
    upload.location(link, 190.0, 10.0)
    eventually('longitudes are wrapped', lambda s: near(s['camera']['target']['lon_deg'], -170.0))
    for _ in range(10):
        upload.zoom_out(link)
    for _ in range(9):
        upload.zoom_in(link)
    eventually('nine steps in after ten out', lambda s: near(s['camera']['altitude_m'], 2e6 / 0.8))
    upload.zoom_in(link)
    eventually('ten in after ten out', lambda s: near(s['camera']['altitude_m'], 2e6, 1e-9))
    upload.altitude(link, float('nan'))
    upload.location(link, float('inf'), 3.0)
    upload.altitude(link, 1e30)
    eventually('no altitude is too high', lambda s: near(s['camera']['altitude_m'], 6e7))
    check('nonsense moves nothing', near(state['camera']['target']['lon_deg'], -170.0))
    upload.location(link, 0.0, 0.0)
    eventually('zero is a place', lambda s: s['camera']['target'] == {'lon_deg': 0.0, 'lat_deg': 0.0})
    upload.reset_camera(link)
    eventually('reset', lambda s: near(s['camera']['altitude_m'], 14.2e6) and s['camera']['tilt_deg'] == 0.0)


def clock(link):
    upload.current_datetime(link, NOON)
    check('the clock', ask(link, get_current_datetime) == 1577880000, ask(link, get_current_datetime))
    spans = ask(link, list_timespans)
    labels = [text(s['label']) for s in spans]
    check('time windows have names of their own', len(labels) > 3 and len(set(labels)) == len(labels), labels)
    for span in spans:
        ask(link, set_timespan, text(span['label']))
        now = ask(link, get_timespan)
        check('window ' + text(span['label']), now == span, (now, span))
    ask(link, set_timespan, 'no such window')
    check('an unknown window changes nothing', ask(link, get_timespan) == spans[-1])
    ask(link, set_timespan, '1 day')
    eventually('the window of the session', lambda s: s['timeline']['window_s'] == 86400.0)
    steps = ask(link, list_timesteps)
    for step in steps:
        ask(link, set_timestep, text(step['label']))
        check('step ' + text(step['label']), ask(link, get_timestep) == step, ask(link, get_timestep))
    for on in (True, False):
        ask(link, set_nearest, on)
        check('nearest mode %s' % on, ask(link, get_nearest) is on and ask(link, get_always) is False)
        ask(link, set_nearest, False)
        ask(link, set_always, on)
        check('always visible %s' % on, ask(link, get_always) is on and ask(link, get_nearest) is False)
        ask(link, set_always, False)


def corners(nx, ny, lon=(10.0, 50.0), lat=(0.0, 20.0)):
    return [{'lon': lon[a], 'lat': lat[b], 'i': a * (nx - 1), 'j': b * (ny - 1)} for b in (0, 1) for a in (0, 1)]


def push(link):
    """A collection with a scalar and a vector, a field in bytes and one in floats, and a track."""
    cid, collection = utils.create_collection('Température °C')
    collection['tags'] = {'one': '1', 'two': '2'}
    upload.collection(link, collection)
    try:
        upload.collection(link, collection)
        check('the same number twice', False, 'no conflict')
    except upload.CollectionIdConflict:
        check('the same number twice is a conflict', True)
    scalar = utils.create_variable(collection, 'sst', ['sst'], units='°C')
    scalar['rendering'].update({'min': -2.0, 'max': 30.0, 'colormap': 'jet', 'opacity': 0.75, 'zindex': 0.3})
    vector = utils.create_variable(collection, 'current', ['eastward', 'northward'], units='m/s')
    upload.variable(link, scalar)
    upload.variable(link, vector)
    _, granule = utils.create_granule(cid, corners(5, 3), START, STOP)
    values = numpy.arange(15, dtype=float).reshape(3, 5)
    utils.set_field(granule, 'sst', values.copy())
    utils.set_field(granule, 'eastward', values.copy(), dynamic_packing=False, as_float=True)
    utils.set_field(granule, 'northward', -values.copy(), dynamic_packing=False, as_float=True)
    upload.granule(link, granule)
    catalogue = ask(link, get_catalogues)
    found = [c for c in catalogue['collections'] if text(c['label']) == 'Température °C']
    check('the collection is in the catalogue', len(found) == 1, catalogue)
    variables = found[0]['variables']
    names = {text(v['label']): [text(f) for f in v['fields']] for v in variables}
    check('fields in the order they were given', names['current'] == ['eastward', 'northward'], names)
    check('sources', sorted(s['id'] for s in catalogue['sources']) == [1, 2], catalogue['sources'])
    shapes = {(c['id']['sourceId'], c['id']['collectionId']) for c in catalogue['collections']}
    check('collections of drawn shapes', {(1, 1), (1, 2)} <= shapes, shapes)
    return cid, collection, scalar, vector, granule


def rendering(link, scalar, vector):
    target = upload.get_id_for(link, 'Température °C', 'sst')
    check('numbers by name', target['collectionId'] == scalar['collection']['collectionId']
          and target['variableId'] == 0 and target['sourceId'] == 1, target)
    try:
        check('no such name', upload.get_id_for(link, 'Température °C', 'nothing') is None, 'found')
    except AttributeError:
        check('no such name raises', True)
    got = upload.rendering_config_for(link, target)
    for key, value in scalar['rendering'].items():
        same = got[key]
        if key == 'colormap':
            same = text(same)
        ok = near(same, value, 1e-6) if isinstance(value, float) else same == value
        check('rendering %s' % key, ok, (got[key], value))
    second = upload.get_id_for(link, 'Température °C', 'current')
    for method in ('RASTER', 'ARROWS', 'BARBS', 'TRAJECTORIES', 'STREAMLINES', 'RAWRGB'):
        config = dict(vector['rendering'], renderMethod=method, target=second, min=0.0, max=0.0, opacity=0.0,
                      filterMode='BILINEAR', colormap='', color=[1, 2, 255], rendered=False, logscale=True)
        upload.rendering_config(link, config)
        got = upload.rendering_config_for(link, second)
        same = {k: (text(got[k]), v) for k, v in config.items() if text(got[k]) != v and k != 'color'}
        check('%s comes back as sent' % method, not same and list(got['color']) == [1, 2, 255], (same, got))
    upload.rendering_config(link, dict(got, renderMethod='RASTER', rendered=True, opacity=1.0, colormap=b'viridis'))
    got = upload.rendering_config_for(link, second)
    check('what was received can be sent back', text(got['colormap']) == 'viridis' and got['rendered'], got)
    upload.rendering_config(link, dict(got, colormap='../../etc/passwd'))
    check('a colour map is no path', text(upload.rendering_config_for(link, second)['colormap']) == 'viridis')
    upload.rendering_config(link, dict(got, max=float('nan')))
    check('no rendering without numbers', upload.rendering_config_for(link, second)['max'] == got['max'])
    unknown = dict(second, variableId=99)
    try:
        upload.rendering_config_for(link, unknown)
        check('unknown target', False, 'answered')
    except AttributeError:
        check('an unknown target raises', True)


def selection(link, cid, granule):
    upload.current_datetime(link, NOON)
    ask(link, set_timespan, '1 day')
    check('pushing selects nothing', not any('notebook' in layer['collection'] for layer in state['layers']))
    upload.select_variable_by_label(link, 'Température °C', 'sst', True, True)
    eventually('a layer', lambda s: [x['field'] for x in s['layers']] == ['sst'])
    eventually('its style', lambda s: s['layers'][0]['style']['range'] == [-2.0, 30.0]
               and s['layers'][0]['style']['colormap'] == 'jet' and near(s['layers'][0]['style']['opacity'], 0.75))
    visible = {text(uri): rid for uri, rid in ask(link, list_visible_data).items()}
    uri = granule['metadata']['uris'][0]['uri']
    check('its granule is visible', list(visible) == [uri], visible)
    check('with its numbers', visible[uri]['granuleId'] == granule['id']['granuleId']
          and visible[uri]['collectionId'] == cid and visible[uri]['granuleLevel'], visible)
    upload.select_variable_by_id(link, 1, cid, 1, True, False)
    eventually('two layers', lambda s: sorted(x['field'] for x in s['layers']) == ['current', 'sst'])
    upload.select_variable_by_id(link, 1, cid, 0, False, False)
    eventually('one is dropped', lambda s: [x['field'] for x in s['layers']] == ['current'])
    upload.select_variable_by_id(link, 1, cid, 0, True, True)
    eventually('one alone', lambda s: [x['field'] for x in s['layers']] == ['sst'])
    upload.select_variable_by_label(link, 'nobody', 'nothing', True, True)
    upload.current_datetime(link, datetime.datetime(2021, 1, 1))
    check('nothing at another time', ask(link, list_visible_data) == {})
    ask(link, set_nearest, True)
    check('but the nearest when asked', len(ask(link, list_visible_data)) == 1)
    ask(link, set_nearest, False)
    ask(link, set_always, True)
    check('or all when asked', len(ask(link, list_visible_data)) == 1)
    ask(link, set_always, False)
    upload.current_datetime(link, NOON)
    target = upload.get_id_for(link, 'Température °C', 'sst')
    hidden = dict(upload.rendering_config_for(link, target), rendered=False)
    upload.rendering_config(link, hidden)
    check('nothing when not rendered', ask(link, list_visible_data) == {})
    upload.rendering_config(link, dict(hidden, rendered=True))
    eventually('the layer is still there', lambda s: s['layers'][0]['visible'] and len(s['layers']) == 1)


def searching(link, cid, granule):
    def search(start, stop, ids=(cid,)):
        return ask(link, search_granules, {
            'collections': [{'sourceId': 1, 'collectionId': k} for k in ids], 'current': 1577880000,
            'start': start, 'stop': stop, 'zoom': 1e6})
    found = search(1577836800, 1577923200)
    check('the granule is found', len(found) == 1, found)
    sent, got = granule['metadata'], found[0]
    for key in ('sourceId', 'collectionId', 'granuleId', 'start', 'stop'):
        check('found %s' % key, got[key] == sent[key], (got[key], sent[key]))
    for key in ('dataId', 'dataModel', 'title', 'file_id', 'product_version', 'sensor'):
        check('found %s' % key, text(got[key]) == sent[key], (got[key], sent[key]))
    points = got['uris'][0]['shape']['gcps']
    check('found control points', [(p['lon'], p['lat'], p['i'], p['j']) for p in points]
          == [(p['lon'], p['lat'], p['i'], p['j']) for p in sent['uris'][0]['shape']['gcps']], points)
    check('the end is excluded', search(1577923200, 1577923300) == [])
    check('the start is included', len(search(1577836000, 1577836800)) == 1)
    check('unknown collections hold nothing', search(0, 4000000000, (77,)) == [])


def tracks(link):
    cid, collection = utils.create_collection('Drifters')
    collection['mustBeCurrent'] = True
    upload.collection(link, collection)
    times = [1577836800000 + 3600000 * k for k in range(4)]
    points = [{'lon': 170.0 + 5 * k, 'lat': float('nan') if k == 2 else 1.0 * k, 'i': 0, 'j': 0, 'time': t}
              for k, t in enumerate(times)]
    _, granule = utils.create_granule(cid, points, START, STOP)
    utils.set_field(granule, 'speed', numpy.arange(5))
    upload.granule(link, granule)
    variable = utils.create_variable(collection, 'speed', ['speed'], dims=1)
    upload.variable(link, variable)
    upload.select_variable_by_label(link, 'Drifters', 'speed', True, False)
    eventually('a line', lambda s: any(x['field'] == 'speed' and x['style']['method'] == 'line' for x in s['layers']))
    check('shown inside its span', len(ask(link, list_visible_data)) == 2, ask(link, list_visible_data))
    upload.current_datetime(link, datetime.datetime(2020, 1, 2, 6))
    check('gone when the clock has left it', len(ask(link, list_visible_data)) == 1, ask(link, list_visible_data))
    upload.current_datetime(link, NOON)
    # The same number again replaces.
    utils.set_field(granule, 'other', numpy.arange(5))
    upload.granule(link, granule)
    check('a cell run twice', len(ask(link, list_visible_data)) == 2)


def nonsense(link):
    """Granules that must be refused; the connection stays in step."""
    cid, collection = utils.create_collection('Refused')
    upload.collection(link, collection)
    def spoiled(spoil):
        _, granule = utils.create_granule(cid, corners(5, 3), START, STOP)
        utils.set_field(granule, 'a', numpy.ones((3, 5)))
        spoil(granule, granule['metadata'], granule['data']['a'])
        return granule

    def elsewhere(g, meta, data):
        g['id']['collectionId'] = meta['collectionId'] = 9999

    bad = [
        ('no field', spoiled(lambda g, meta, data: g['data'].clear())),
        ('no time', spoiled(lambda g, meta, data: meta.update(stop=meta['start']))),
        ('too few values', spoiled(lambda g, meta, data: data.update(buffer=data['buffer'][:7]))),
        ('a huge shape', spoiled(lambda g, meta, data: data['info'].update(xArity=4000000000))),
        ('no positions', spoiled(lambda g, meta, data: meta['uris'][0]['shape'].update(gcps=[]))),
        ('no collection', spoiled(elsewhere)),
        ('two numbers', spoiled(lambda g, meta, data: g['id'].update(granuleId=5))),
        ('no scale', spoiled(lambda g, meta, data: data['info'].update(scaleFactors=[float('nan')]))),
    ]
    for name, granule in bad:
        upload.granule(link, granule)
        found = ask(link, search_granules, {'collections': [{'sourceId': 1, 'collectionId': cid}],
                                            'current': 0, 'start': 0, 'stop': 4000000000, 'zoom': 0.0})
        check('refused: ' + name, found == [], found)


def files(link):
    """Opened files are source 2."""
    end, names = time.time() + 60, []
    while not names and time.time() < end:
        names = [c for c in ask(link, get_catalogues)['collections'] if c['id']['sourceId'] == 2]
        time.sleep(0.1)
    check('a file is open', names)
    collection = names[0]
    variable = collection['variables'][0]
    target = upload.get_id_for(link, text(collection['label']), text(variable['label']))
    check('a file has numbers', target['sourceId'] == 2, target)
    upload.rendering_config(link, dict(upload.rendering_config_for(link, target), min=1.0, max=2.0))
    upload.select_variable_by_id(link, 2, target['collectionId'], target['variableId'], True, True)
    eventually('a layer of a file', lambda s: len(s['layers']) == 1 and s['layers'][0]['style']['range'] == [1.0, 2.0])
    found = ask(link, search_granules, {'collections': [{'sourceId': 2, 'collectionId': target['collectionId']}],
                                        'current': 0, 'start': 0, 'stop': 4000000000, 'zoom': 0.0})
    check('its granules are found', len(found) > 0 and found[0]['start'] < found[0]['stop'], found)


def command(link, name, args=None, fill=None, answer=None):
    """An operation the client has classes for and no function; `fill` builds its arguments."""
    builder = flatbuffers.Builder(0)
    offset = fill(builder) if fill else None
    Command.CommandStart(builder)
    Command.CommandAddOpcode(builder, getattr(OpCode.OpCode(), name))
    if args:
        Command.CommandAddArgsType(builder, getattr(CommandArgs.CommandArgs(), args))
        Command.CommandAddArgs(builder, offset)
    builder.Finish(Command.CommandEnd(builder))
    message = builder.Output()
    link.sendall(struct.pack('>Q', len(message)) + message)
    if answer:
        size = struct.unpack('<Q', link.recv(8))[0]
        return answer(bytearray(upload.read_response(link, size)), 0)


def unused(link):
    """Sources, windows and steps of one's own: operations that no published function sends."""
    def one(table, build):
        """A table of one member, which is another table or a number."""
        def fill(builder):
            inner = build(builder)
            getattr(table, table.__name__.split('.')[-1] + 'Start')(builder)
            name = [n for n in dir(table) if n.startswith(table.__name__.split('.')[-1] + 'Add')][0]
            getattr(table, name)(builder, inner)
            return getattr(table, table.__name__.split('.')[-1] + 'End')(builder)
        return fill

    def span(builder):
        label = builder.CreateString('half a day')
        Timespan.TimespanStart(builder)
        Timespan.TimespanAddLabel(builder, label)
        Timespan.TimespanAddPastOffset(builder, 36000)
        Timespan.TimespanAddFutureOffset(builder, 7200)
        return Timespan.TimespanEnd(builder)

    def step(builder):
        label = builder.CreateString('17 seconds')
        Timestep.TimestepStart(builder)
        Timestep.TimestepAddLabel(builder, label)
        Timestep.TimestepAddStep(builder, 17)
        return Timestep.TimestepEnd(builder)

    def source(builder):
        title = builder.CreateString('Meine Quelle')
        Source.SourceStart(builder)
        Source.SourceAddId(builder, 77)
        Source.SourceAddTitle(builder, title)
        return Source.SourceEnd(builder)

    def sources():
        found = command(link, 'listSources', answer=ListSourcesResponse.ListSourcesResponse.GetRootAsListSourcesResponse)
        return {found.Sources(k).Id(): text(found.Sources(k).Title()) for k in range(found.SourcesLength())}

    command(link, 'addTimespan', 'AddTimespan', one(AddTimespan, span))
    ask(link, set_timespan, 'half a day')
    now = ask(link, get_timespan)
    check('a window of one\'s own', text(now['label']) == 'half a day' and 36000 in now.values() and 7200 in now.values(), now)
    command(link, 'removeTimespan', 'RemoveTimespan', one(RemoveTimespan, lambda b: b.CreateString('half a day')))
    check('a window in use stays', ask(link, get_timespan) == now)
    ask(link, set_timespan, '1 day')
    command(link, 'removeTimespan', 'RemoveTimespan', one(RemoveTimespan, lambda b: b.CreateString('half a day')))
    check('one that is not goes', 'half a day' not in [text(s['label']) for s in ask(link, list_timespans)])
    before = ask(link, get_timestep)
    command(link, 'addTimestep', 'AddTimestep', one(AddTimestep, step))
    ask(link, set_timestep, '17 seconds')
    check('a step of one\'s own', 17 in ask(link, get_timestep).values(), ask(link, get_timestep))
    ask(link, set_timestep, text(before['label']))
    command(link, 'removeTimestep', 'RemoveTimestep', one(RemoveTimestep, lambda b: b.CreateString('17 seconds')))
    check('it goes', '17 seconds' not in [text(s['label']) for s in ask(link, list_timesteps)])
    check('the sources of the beginning', set(sources()) == {1, 2}, sources())
    command(link, 'addSource', 'AddSource', one(AddSource, source))
    check('a source of one\'s own', sources().get(77) == 'Meine Quelle', sources())
    command(link, 'removeSource', 'RemoveSource', one(RemoveSource, lambda b: 77))
    check('it goes, too', set(sources()) == {1, 2}, sources())


def manners():
    with upload.connect(HOST, PORT, check_schema_version=True) as link:
        check('the schema version', ask(link, get_current_datetime) == 1577880000)
        with upload.connect(HOST, PORT) as other:
            check('a second connection while the first is open', ask(other, get_current_datetime) == 1577880000)
        check('nothing was extracted', SEAScope.lib.get_extracted_data(HOST, PORT) == {})
    dead = socket.create_connection((HOST, PORT))
    dead.sendall(struct.pack('>Q', 1 << 63))
    check('nonsense is hung up on', dead.recv(1) == b'')


def main():
    utils.init_ids(10, 1000)
    with upload.connect(HOST, PORT) as link:
        camera(link)
        clock(link)
        cid, collection, scalar, vector, granule = push(link)
        rendering(link, scalar, vector)
        selection(link, cid, granule)
        searching(link, cid, granule)
        tracks(link)
        nonsense(link)
        unused(link)
        if 'files' in sys.argv[2:]:
            files(link)
    manners()
    rest.schema(check, ask, PORT)
    with upload.connect(HOST, PORT) as link, Own(PORT) as own:
        rest.numbers(check, ask, link)
        rest.pictures(check, ask, link, own)
        rest.syntool(check, ask, link, own)
        rest.pace(check, ask, link)
    rest.mistakes(check)
    rest.unanswered(check, THERE)
    elsewhere = set().union(*ledger.EXTRACTED.values())
    untested = THERE - ledger.called - elsewhere
    check('every public function of the client is called', not untested, sorted(untested))
    check('the list of the others is true', elsewhere <= THERE, sorted(elsewhere - THERE))
    print('all is well')


if __name__ == '__main__':
    main()
