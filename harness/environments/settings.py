"""A user's settings for this machine stand in ``settings.toml`` in the user's configuration folder.

    [windows-pythons]
    "3.8" = "/opt/windows/python38"    # a folder with python.exe in it

An environment variable such as ``HARNESS_WINDOWS_PYTHON_3_8`` overrides the file.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import platformdirs

from harness.errors import UsageError
from harness.model.platforms import check_pythons


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The settings file; ``windows_pythons`` maps a Python (``3.8``) to the folder of a Windows CPython."""

    windows_pythons: dict[str, str] = {}


def path() -> Path:
    """Return the path of the settings file, which need not exist; ``HARNESS_SETTINGS`` names another."""
    own = os.environ.get("HARNESS_SETTINGS")
    return Path(own) if own else Path(platformdirs.user_config_dir("harness", appauthor=False)) / "settings.toml"


def cache_folder() -> Path:
    """Return the user cache folder; ``HARNESS_CACHE`` in the environment names another.

    Raises:
        UsageError: something that is no folder has its path.

    """
    found = Path(os.environ.get("HARNESS_CACHE") or platformdirs.user_cache_dir("harness", appauthor=False))
    if found.exists() and not found.is_dir():
        message = f"the cache folder {found} is not a folder; remove what is there, or name another by HARNESS_CACHE"
        raise UsageError(message)
    return found


def load() -> Settings:
    """Read the settings; the defaults where there is no file.

    Raises:
        UsageError: the file is not valid.

    """
    try:
        found = msgspec.toml.decode(path().read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        raise UsageError(f"{path()}: {error}; it has one table, [windows-pythons]") from None
    check_pythons(found.windows_pythons, where=f"{path()}: windows-pythons")
    return found


def windows_python(python: str) -> Path | None:
    """Return the folder of the user's own Windows CPython of a version; None where the user names none."""
    named = os.environ.get(f"HARNESS_WINDOWS_PYTHON_{python.replace('.', '_')}") or load().windows_pythons.get(python)
    return Path(named).expanduser() if named else None
