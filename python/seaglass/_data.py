"""What is open in a running Seaglass: files, what was pushed, colour maps."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

import numpy as np

from ._asking import SOON, Asking
from ._link import Header, SeaglassError, SeaglassWarning
from ._push import dataset, file_name, joined, packed, tail_of

# A server that says nothing for so long is given up, seconds.
_SILENT = 60.0


def warn(failed: list[dict[str, str]], what: str) -> None:
    """Names the files that could not be read, to whoever has called the method this is called from."""
    if failed:
        named = "; ".join(f"{f['path']}: {f['error']}" for f in failed[:5])
        more = f"; and {len(failed) - 5} more" if len(failed) > 5 else ""
        files = "1 file" if len(failed) == 1 else f"{len(failed)} files"
        warnings.warn(f"{files} {what}: {named}{more}", SeaglassWarning, stacklevel=3)


def _is_url(path: Any) -> bool:
    return isinstance(path, str) and path.startswith(("http://", "https://"))


def _fetched(url: str) -> bytes:
    try:
        with urlopen(Request(url, headers={"User-Agent": "seaglass"}), timeout=_SILENT) as answer:
            return bytes(answer.read())
    except OSError as e:
        raise SeaglassError(f"{url} could not be fetched: {e}") from e


class Data(Asking):
    """Files and what was pushed."""

    _tails: dict[str, Any]
    _given: dict[str, str]

    def _file_name(self, name: str) -> str:
        """The file name of what is pushed under a name; two names that would be one are refused."""
        found = file_name(name)
        before = self._given.setdefault(found, name)
        if before != name:
            raise ValueError(f'"{name}" and "{before}" are the same name for Seaglass; choose another')
        return found

    def open(self, *paths: str | os.PathLike[str], timeout: float | None = None) -> Header:
        """Opens files and folders and waits until they are described; addresses (``https://…``) are fetched and pushed.

        One file that cannot be read is an error; of several, and of folders, those that cannot are named by a
        :class:`SeaglassWarning` and in ``["failed"]`` of what comes back.
        """
        fetched = [self.push(p, timeout=timeout) for p in paths if _is_url(p)]
        named = [str(Path(p).absolute()) for p in paths if not _is_url(p)]
        if fetched and not named:
            return fetched[-1]
        answer = self._send({"do": "open", "paths": named}, timeout)
        warn(answer.get("failed", []), "could not be read")
        return answer

    def push(self, data: Any, name: str | None = None, timeout: float | None = None, **arrays: Any) -> Header:
        """Shows data of the notebook: an xarray data set or array, a pandas table with lon, lat and time, points of
        geopandas, or a numpy array with ``lon=``, ``lat=`` (and ``time=``, ``field=``, ``units=``); or a file, by its path
        or address (``https://…``), which is read here and need not be seen by the application.

        A table with times is one track, or one for each platform where a column says whose a row is (``id``,
        ``platform``, ``trajectory`` …, or the one named by ``platform=``). What is masked is missing.

        Each name is a collection of its own with a layer of its own, ``view.layer(field, name)``; the same name again
        replaces. Without a name it is ``data``, and of a file its own. Values keep all their bits, and are looked at as a
        file's are.
        """
        if isinstance(data, str | os.PathLike):
            if arrays:
                raise TypeError(f"{', '.join(arrays)} is for numpy arrays; a file says what it holds")
            place = Path(unquote(urlsplit(str(data)).path)) if _is_url(data) else Path(data)
            payload = _fetched(str(data)) if _is_url(data) else place.read_bytes()
            plain = self._file_name(place.stem if name is None else name).removesuffix(".nc")
            self._tails.pop(f"{plain}.nc", None)
            return self._link.ask("push", payload, name=plain + (place.suffix or ".nc"), timeout=timeout)[0]
        as_file, found = self._file_name("data" if name is None else name), dataset(data, **arrays)
        answer = self._link.ask("push", packed(found), name=as_file, timeout=timeout)[0]
        self._tails[as_file] = tail_of(found)
        return answer

    def append(self, data: Any, name: str = "data", timeout: float | None = None, **arrays: Any) -> Header:
        """Adds data to what was pushed under a name: the next samples of a track, another granule. They are drawn in the
        same layers; what was there stays as it is. The line of a track goes on from its last sample, which comes again as
        the first one of what is added.
        """
        as_file, found = self._file_name(name), dataset(data, **arrays)
        whole = joined(self._tails.get(as_file), found)
        answer = self._link.ask("push", packed(whole), name=as_file, append=True, timeout=timeout)[0]
        self._tails[as_file] = tail_of(found)
        return answer

    def remove(self, name: str = "data") -> None:
        """Takes away what was pushed under a name."""
        plain = file_name(name).removesuffix(".nc")
        self._tails.pop(f"{plain}.nc", None)
        self._given.pop(f"{plain}.nc", None)
        of_name = [g["path"] for g in self._get("granules") if g["collection"] == f"pushed: {plain}"]
        endings = {Path(path).suffix for path in of_name} or {".nc"}
        for ending in sorted(endings):
            try:
                self._link.ask("unpush", name=f"{plain}{ending}", timeout=SOON)
            except SeaglassError:
                if of_name:
                    raise
                # Shapes have no granules.
                self._link.ask("unpush", name=f"{plain}.geojson", timeout=SOON)

    @property
    def pushed(self) -> list[str]:
        """Names under which data were pushed."""
        return [str(c["title"]) for c in self.collections() if str(c["id"]).startswith("pushed: ")]

    def collections(self) -> list[dict[str, Any]]:
        """What is open: id, title, fields, number of granules and time covered of each collection."""
        return list(self._get("collections"))

    def granules(self, visible: bool | None = None) -> Any:
        """The granules as a pandas table: all, or those that the layers show now (or do not) with ``visible``."""
        import pandas as pd

        rows = [g for g in self._get("granules") if visible is None or g["visible"] == visible]
        frame = pd.DataFrame(rows)
        if rows:
            for k, name in enumerate(("start", "stop")):
                ends = pd.Series([r["span"][k] if r["span"] else None for r in rows])
                frame[name] = pd.to_datetime(ends, utc=True, format="ISO8601")
        return frame

    def close_data(self) -> None:
        """Forgets all files and layers."""
        self._tails.clear()
        self.command("close_all")

    def _collection(self, name: str) -> str:
        """The id of a collection named by id, by title or as it was pushed."""
        found = {c["id"]: c["title"] for c in self.collections()}
        pushed = f"pushed: {file_name(name).removesuffix('.nc')}"
        if name in found or pushed in found:
            return name if name in found else pushed
        titled = [c for c, title in found.items() if title == name]
        # A layer may be left of a collection that is not open.
        return titled[0] if titled else name

    # Colour maps.

    def colormaps(self) -> list[str]:
        """Names of the colour maps."""
        return list(self._get("colormaps"))

    def add_colormap(self, name: str, colours: Any) -> None:
        """Makes a colour map of RGB triples (0–255, or 0–1 when they are floats), or of one of matplotlib."""
        if callable(colours):
            colours = np.asarray(colours(np.linspace(0, 1, 256)))
        array = np.asarray(colours)[:, :3]
        if array.dtype.kind == "f":
            array = np.round(array * 255.0)
        self._link.ask("colormap", np.ascontiguousarray(array, np.uint8).tobytes(), name=name, timeout=SOON)

    def colormap(self, name: str) -> np.ndarray:
        """The 256 colours of a colour map, 0–255; ``matplotlib.colors.ListedColormap(view.colormap(name) / 255)``."""
        _, payload = self._link.ask("colormap", name=name, timeout=SOON)
        return np.frombuffer(payload, np.uint8).reshape(-1, 3)
