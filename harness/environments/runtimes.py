"""Windows CPythons for Wine are made from packages: the official DLLs, the standard library, a launcher.

The ``panda3d`` wheels for Windows carry the official ``python3X.dll``, every extension module of the standard library
and the DLLs that these need. The pure part of the library is copied from this machine's CPython of the same minor
version. ``python.exe`` is a few lines of C that load the DLL beside it and call ``Py_Main``.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from harness.environments import interpreters, settings
from harness.errors import EnvironmentFailedError
from harness.processes import process
from harness.storage import sealed
from harness.storage.files import read_json, write_json

if TYPE_CHECKING:
    from harness.environments.uv import Uv
    from harness.environments.wine import Wine

PYTHONS = ("3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PROTOCOL = 2
_CARRIER = "panda3d==1.10.15"  # the release with wheels for all of PYTHONS
_COMPILER = "ziglang"
_CHECK_DEADLINE_S = 120.0
_COMPILE_DEADLINE_S = 300.0
_LEFT_OUT = {"_wmi.pyd"}  # Wine 8 aborts in this module; `platform` does without it
_LEFT_OUT_OF_LIBRARY = ("site-packages", "lib-dynload", "test", "__pycache__", "idlelib", "turtledemo", "ensurepip")
_QUESTION = (
    "import sys, json, _overlapped, asyncio, ssl, multiprocessing;"
    "print(json.dumps(['%d.%d.%d' % sys.version_info[:3], sys.platform, _overlapped.__file__]))"
)
_ANSWER = re.compile(r'^\["(\d+\.\d+\.\d+)", "win32", ".*_overlapped.*"\]\s*$', re.MULTILINE)
_LAUNCHER = r"""
#include <windows.h>
#include <wchar.h>

/* Runs the Python whose DLL lies beside this program: python37.dll, python38.dll ... */
int wmain(int argc, wchar_t **argv)
{
    static wchar_t path[32768];
    DWORD length = GetModuleFileNameW(NULL, path, 32768);
    int minor;
    while (length && path[length - 1] != L'\\')
        length--;
    for (minor = 6; minor < 40; minor++) {
        HMODULE library;
        swprintf(path + length, 64, L"python3%d.dll", minor);
        if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
            continue;
        library = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
        if (!library)
            return 126;
        return ((int (*)(int, wchar_t **))(void *)GetProcAddress(library, "Py_Main"))(argc, argv);
    }
    return 127;
}
"""


class Runtime(msgspec.Struct, frozen=True, kw_only=True):
    """One working Windows CPython: the folder with its ``python.exe``, and its full version."""

    folder: Path
    full: str


def ensure(python: str, *, root: Path, uv: Uv, wine: Wine, is_run: bool = True) -> Runtime:
    """Return the Windows CPython of a version: the user's own where one is named, else one that is made, once.

    The marker of a made CPython says what it is. Its thousand files are checked only where ``is_run`` says that
    it is about to run.

    Raises:
        EnvironmentFailedError: the CPython cannot be made, or does not work; the message has the remedy.

    """
    own = settings.windows_python(python)
    folder = own.resolve() if own else root / "runtimes" / python
    if own is None:
        if python not in PYTHONS:
            raise EnvironmentFailedError(f"no Windows CPython {python} can be made; there are {', '.join(PYTHONS)}")
        if is_run or not sealed.is_marked(folder, protocol=PROTOCOL):
            sealed.ensure(folder, lambda folder: _make(python, folder, root=root, uv=uv), protocol=PROTOCOL)
    if not (folder / "python.exe").is_file():
        raise EnvironmentFailedError(f"no python.exe in {folder}, which is named as Windows CPython {python}")
    return _checked(folder, python, root=root, uv=uv, wine=wine)


def can_be_had(python: str, root: Path) -> bool:
    """Whether there is a Windows CPython of a version, or one can be made."""
    if settings.windows_python(python) or is_made(python, root):
        return True
    return python in PYTHONS and interpreters.is_here(python)


def is_made(python: str, root: Path) -> bool:
    """Whether the Windows CPython of a version has been made from packages."""
    return sealed.is_complete(root / "runtimes" / python, protocol=PROTOCOL)


def _library(python: str) -> Path:
    """Return the folder of the standard library of this machine's CPython of a minor version."""
    interpreter = interpreters.find(python)
    question = "import sysconfig; print(sysconfig.get_path('stdlib'))"
    told = process.ask([interpreter.path, "-I", "-c", question], deadline_s=_CHECK_DEADLINE_S)
    return Path(told.output.strip().splitlines()[-1])


def _make(python: str, folder: Path, *, root: Path, uv: Uv) -> None:
    """Make a Windows CPython from its parts."""
    library = _library(python)
    carrier = uv.temporary / f"carrier-{python}"
    uv.unpack(_CARRIER, carrier, ("--python-platform", "x86_64-pc-windows-msvc", "--python-version", python))
    (folder / "DLLs").mkdir(parents=True)
    main = f"python{python.replace('.', '')}.dll"
    for file in (carrier / "deploy_libs").iterdir():
        name = file.name.lower()
        if file.suffix.lower() in {".dll", ".pyd"} and file.name not in _LEFT_OUT:
            beside = name in {main, "python3.dll"} or name.startswith("vcruntime")
            shutil.copy(file, folder if beside else folder / "DLLs")
    if not (folder / "python3.dll").exists():
        (folder / "python3.dll").symlink_to(main)  # wheels of the stable ABI load it; Wine takes both for one DLL
    shutil.rmtree(carrier)
    shutil.copytree(library, folder / "Lib", ignore=shutil.ignore_patterns(*_LEFT_OUT_OF_LIBRARY, "config-*"))
    shutil.copy(_launcher(root, uv), folder / "python.exe")


def _launcher(root: Path, uv: Uv) -> Path:
    """Return the ``python.exe`` that serves every version; it is compiled once."""
    folder = root / "runtimes" / "launcher"

    def compile_it(folder: Path) -> None:
        folder.mkdir(parents=True)
        source, program = folder / "launcher.c", folder / "python.exe"
        source.write_text(_LAUNCHER)
        compiler = shutil.which("x86_64-w64-mingw32-gcc")
        argv = [compiler] if compiler else _zig(uv)
        done = process.run(
            [*argv, "-municode", "-O1", "-s", "-o", str(program), str(source)],
            env=process.tool_environment(
                ZIG_GLOBAL_CACHE_DIR=str(uv.temporary / "zig"), ZIG_LOCAL_CACHE_DIR=str(uv.temporary / "zig")
            ),
            cwd=folder,
            mark=uv.mark,
            deadline_s=_COMPILE_DEADLINE_S,
        )
        if not program.is_file():
            raise EnvironmentFailedError(
                f"the launcher of the Windows CPythons cannot be compiled: {done.last_lines()}"
            )

    sealed.ensure(folder, compile_it, protocol=PROTOCOL)
    return folder / "python.exe"


def _zig(uv: Uv) -> list[str]:
    """Return the command of a compiler for Windows that comes as a package."""
    into = uv.temporary / "compiler"
    uv.unpack(_COMPILER, into)
    return [str(into / "ziglang" / "zig"), "cc", "-target", "x86_64-windows-gnu"]


def _checked(folder: Path, python: str, *, root: Path, uv: Uv, wine: Wine) -> Runtime:
    """Run the CPython under Wine to get its version and import what scenarios need; remember a good answer."""
    program = folder / "python.exe"
    stamp = f"{program.resolve()} {program.stat().st_mtime_ns} {wine.version}"
    path = root / "runtimes" / f"{python}.checked.json"
    known = read_json(path, dict[str, str])
    if known and known.get("stamp") == stamp:
        return Runtime(folder=folder, full=known["full"])
    done = wine.run([str(program), "-c", _QUESTION], uv=uv, deadline_s=_CHECK_DEADLINE_S)
    answer = _ANSWER.search(done.output)
    full = answer[1] if answer else ""
    if not full.startswith(f"{python}."):
        raise EnvironmentFailedError(
            f"the Windows CPython {python} in {folder} does not work under {wine.version}: {done.last_lines(3)}; "
            f"name another in HARNESS_WINDOWS_PYTHON_{python.replace('.', '_')}"
        )
    write_json(path, {"stamp": stamp, "full": full})
    return Runtime(folder=folder, full=full)
