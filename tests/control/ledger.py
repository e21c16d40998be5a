"""Which public functions of the published client were called, and which there are.

Functions of `upload` and `lib` count when they are called from outside of the package: what one of them does for
another is not what a user asks for. Those of `cmds` count always, since most are reached through `upload` only. Errors
count when they are raised. A new version of the client with one function more fails the check until that is tested, too.
"""
import functools
import importlib
import inspect
import pkgutil
import sys

PARTS = ('SEAScope.upload', 'SEAScope.lib', 'SEAScope.cmds')
# What needs an extraction is called by extract.py, which checks that it has been.
EXTRACTED = {
    'polygon': {
        'SEAScope.lib.get_extracted_data', 'SEAScope.lib.save_pyo', 'SEAScope.lib.load_pyo',
        'SEAScope.lib.plots.plot_2d_data', 'SEAScope.lib.utils.raw2data', 'SEAScope.lib.utils.get_lonlat',
        'SEAScope.lib.utils.geoloc_from_gcps', 'SEAScope.lib.utils.InvalidShapeError',
        'SEAScope.cmds.get_extraction.serialize', 'SEAScope.cmds.get_extraction.deserialize',
    },
    'line': {'SEAScope.lib.get_dists', 'SEAScope.lib.plots.plot_transect'},
}
called = set()


def modules():
    for part in PARTS:
        module = importlib.import_module(part)
        yield module
        for found in pkgutil.iter_modules(getattr(module, '__path__', [])):
            yield importlib.import_module('%s.%s' % (part, found.name))


def public(module):
    """Names and objects that a module has itself and offers."""
    for name, value in sorted(vars(module).items()):
        ours = getattr(value, '__module__', None) == module.__name__
        if ours and not name.startswith('_') and (inspect.isfunction(value) or inspect.isclass(value)):
            yield name, value


def from_inside(frame, name):
    caller = frame.f_globals.get('__name__', '')
    return (name.startswith(('SEAScope.upload', 'SEAScope.lib')) and caller.startswith('SEAScope.')
            and not caller.startswith('SEAScope.cli'))


def counted(function, name):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        if not from_inside(sys._getframe(1), name):
            called.add(name)
        return function(*args, **kwargs)
    return wrapper


def raised(cls, name):
    first = cls.__init__

    def init(self, *args, **kwargs):
        called.add(name)
        first(self, *args, **kwargs)
    cls.__init__ = init


def install():
    """Counts from here on; gives the names of all there are."""
    there = set()
    for module in list(modules()):
        for name, value in list(public(module)):
            full = '%s.%s' % (module.__name__, name)
            if inspect.isfunction(value):
                there.add(full)
                setattr(module, name, counted(value, full))
            elif issubclass(value, BaseException):
                there.add(full)
                raised(value, full)
            else:
                for method, body in list(vars(value).items()):
                    if inspect.isfunction(body) and not method.startswith('_'):
                        there.add('%s.%s' % (full, method))
                        setattr(value, method, counted_method(body, '%s.%s' % (full, method)))
    return there


def counted_method(body, name):
    # The only class with methods paces the requests, from inside of the package: there its calls are what is asked for.
    @functools.wraps(body)
    def wrapper(*args, **kwargs):
        called.add(name)
        return body(*args, **kwargs)
    return wrapper
