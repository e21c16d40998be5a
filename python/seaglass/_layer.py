"""Layers of a running Seaglass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._cells import Picture
from ._link import SeaglassError
from ._names import Strict, near

if TYPE_CHECKING:
    from ._app import Seaglass


class _Setting:
    """One setting of a layer's style: read from the application, written to it."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        return self if layer is None else layer.style.get(self._name)

    def __set__(self, layer: Any, value: Any) -> None:
        layer.set(**{self._name: value})


class Layer(Strict):
    """One layer. Its settings are attributes: ``layer.colormap = "viridis"``, ``layer.range = (5, 25)``."""

    colormap = _Setting("Name of the colour map.")
    reversed = _Setting("The colour map turned round.")
    range = _Setting("Values at the ends of the colour map, in the unit of the file.")
    log = _Setting("Logarithmic colours.")
    opacity = _Setting("0 to 1.")
    filter = _Setting('"nearest" draws cells, "bilinear" interpolates.')
    out_of_range = _Setting("What becomes of values beyond the range.")
    method = _Setting('"raster", "line", "points", "arrows", "barbs", "streamlines" or "rgb".')
    size_pt = _Setting("Width of lines and diameter of points.")
    time_rule = _Setting("Which granules are drawn.")
    follow_view = _Setting("The colours follow what is in view.")
    hidden = _Setting("Classes that are not drawn.")
    only = _Setting("Granules that are drawn, by the names of their files; all when empty.")
    without = _Setting("Granules that are not drawn, by the names of their files.")
    blend = _Setting("How it is laid over what lies below.")
    ends = _Setting("Colours beyond the ends of the range.")
    vector = _Setting("Settings of arrows and barbs, a dictionary.")
    stream = _Setting("Settings of streamlines, a dictionary.")
    trail = _Setting("Settings of tracks, a dictionary.")
    time = _Setting("Settings of drawing by time, a dictionary.")
    contour = _Setting("Settings of contour lines, a dictionary.")
    hillshade = _Setting("Settings of the light, a dictionary.")
    rgb = _Setting("Settings of colours of three fields, a dictionary.")

    _own = ("id",)

    def __init__(self, app: Seaglass, number: int) -> None:
        self._app, self.id = app, number

    @property
    def _state(self) -> dict[str, Any]:
        for layer in self._app.project()["layers"]:
            if layer["id"] == self.id:
                return dict(layer)
        raise SeaglassError(f"The layer {self.id} is gone.")

    @property
    def style(self) -> dict[str, Any]:
        """All settings of the style."""
        return dict(self._state["style"])

    @property
    def collection(self) -> str:
        """Id of the collection it shows."""
        return str(self._state["collection"])

    @property
    def field(self) -> str:
        """Name of the field it shows."""
        return str(self._state["field"])

    @property
    def visible(self) -> bool:
        """Whether it is drawn."""
        return bool(self._state["visible"])

    @visible.setter
    def visible(self, on: bool) -> None:
        self._app.command("show_layer", layer=self.id, visible=bool(on))

    @property
    def name(self) -> str | None:
        """Name given by the user."""
        return self._state.get("name")

    @name.setter
    def name(self, name: str) -> None:
        self._app.command("rename_layer", layer=self.id, name=name)

    @classmethod
    def check(cls, settings: dict[str, Any]) -> None:
        """Refuses settings that no layer has."""
        known = [n for n, v in vars(cls).items() if isinstance(v, _Setting)]
        for key in settings:
            if key not in known:
                raise AttributeError(f'a layer has no setting "{key}"{near(key, known)}')

    def set(self, **settings: Any) -> Layer:
        """Changes settings of the style at once, as one step of undo."""
        self.check(settings)
        current: dict[str, Any] | None = None
        for key, value in settings.items():
            if value is None:
                raise ValueError(f"{key} cannot be None; reset() gives the layer its first look back")
            if isinstance(value, dict):
                # The application takes a group of settings as a whole.
                current = self.style if current is None else current
                settings[key] = {**(current.get(key) or {}), **value}
            elif isinstance(value, tuple | np.ndarray):
                settings[key] = [v.item() if isinstance(v, np.generic) else v for v in value]
            elif isinstance(value, np.generic):
                settings[key] = value.item()
        self._app.command("set_style", layer=self.id, patch=settings)
        return self

    def reset(self) -> Layer:
        """Gives it the look back that its product or field has."""
        self._app.command("reset_style", layer=self.id)
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layer) and (other._app, other.id) == (self._app, self.id)

    def __hash__(self) -> int:
        return hash((id(self._app), self.id))

    def move(self, to: int) -> Layer:
        """Moves it in the stack; 0 is on top."""
        self._app.command("move_layer", layer=self.id, to=int(to))
        return self

    def index(self, *indices: int) -> Layer:
        """Chooses depth, band … along the further dimensions of its field."""
        self._app.command("set_layer_index", layer=self.id, extra=[int(k) for k in indices])
        return self

    def components(self, *names: str) -> Layer:
        """Chooses the fields drawn together: towards east and north, or red, green and blue."""
        self._app.command("set_layer_components", layer=self.id, components=list(names))
        return self

    def statistics(self) -> dict[str, Any]:
        """Figures of the values it shows now, from samples of its granules: ``count``, ``missing``, ``min``, ``max``,
        ``mean``, ``sd``, ``p02_p98``, and ``bins``: how many lie in bins of equal width from ``min`` to ``max``.

        They are made of the values as the file has them, whole numbers whole (``precision``: ``i64`` or ``f64``; ``f32``
        only where a reader program of the user's knows nothing else)."""
        found = dict(self._app._link.ask("statistics", layer=self.id, timeout=120.0)[0]["value"])
        found["bins"] = np.array(found["bins"])
        return found

    def granules(self, *names: str, **settings: Any) -> Layer:
        """A look of their own for some granules, named by their files: a layer above this one that draws them alone, with
        ``settings``; this one leaves them out."""
        if not names:
            raise ValueError("name at least one granule by its file")
        self.check(settings)
        before = [str(n) for n in self.without or ()]
        number = int(self._app.command("duplicate_layer", layer=self.id)["layer"])
        other = Layer(self._app, number)
        try:
            other.set(only=list(names), without=[], **settings)
            self.set(without=[*before, *(n for n in names if n not in before)])
        except BaseException:
            other.remove()
            raise
        return other

    def _colours(self) -> np.ndarray:
        """The 256 colours from the lower to the upper end of the range."""
        style = self.style
        name = str(style["colormap"])
        if name.startswith("#"):
            one = np.array([int(name[k : k + 2], 16) for k in (1, 3, 5)], np.uint8)
            return np.tile(one, (256, 1))
        lut = self._app.colormap(name)
        return lut[::-1] if style.get("reversed") else lut

    def colorbar(self, width: int = 256, height: int = 20) -> Picture:
        """The colours from the lower to the upper end of :attr:`range`, left to right; ``screenshot(legend=True)`` draws
        them with numbers, and :meth:`mappable` is for matplotlib's colour bars."""
        lut = self._colours()
        row = lut[np.minimum((np.arange(width) * 256) // width, 255)]
        pixels = np.full((height, width, 4), 255, np.uint8)
        pixels[:, :, :3] = row
        return Picture(pixels)

    def mappable(self) -> Any:
        """Colours and range for matplotlib: ``fig.colorbar(layer.mappable(), ax=ax)``, ``plt.imshow(a, norm=m.norm,
        cmap=m.cmap)``."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, LogNorm, Normalize

        style = self.style
        low, high = style["range"] or (0.0, 1.0)
        norm = (LogNorm if style.get("log") else Normalize)(low, high)
        return ScalarMappable(norm, ListedColormap(self._colours() / 255.0, name=str(style["colormap"])))

    def zoom(self) -> Layer:
        """Frames its data."""
        self._app.command("zoom_to_layer", layer=self.id)
        return self

    def remove(self) -> None:
        """Takes it away."""
        self._app.command("remove_layer", layer=self.id)

    def __repr__(self) -> str:
        state = self._state
        return f"<Layer {self.id}: {state['field']} of {state['collection']}>"
