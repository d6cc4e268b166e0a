"""The settings of a machine: strict where there is a file, nothing where there is none, the environment wins."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from harness.environments import settings
from harness.errors import UsageError


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file of this test, not written yet; nothing of the machine's own settings is seen."""
    for name in [name for name in os.environ if name.startswith("HARNESS_WINDOWS_PYTHON")]:
        monkeypatch.delenv(name)
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("HARNESS_SETTINGS", str(path))
    return path


def test_no_file_is_no_settings() -> None:
    """Nobody has to write one."""
    assert settings.load() == settings.Settings()
    assert settings.windows_python("3.8") is None


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "[windows-pythons]\n"])
def test_empty_file_is_no_settings(content: str, file: Path) -> None:
    """Nor has to fill it."""
    file.write_text(content)
    assert settings.load() == settings.Settings()


def test_named_folder_is_that_of_its_python(file: Path) -> None:
    """And of no other, however alike."""
    file.write_text('[windows-pythons]\n"3.8" = "/opt/windows/python38"\n"3.10" = "/opt/windows/python310"\n')
    assert settings.windows_python("3.8") == Path("/opt/windows/python38")
    assert settings.windows_python("3.10") == Path("/opt/windows/python310")
    assert settings.windows_python("3.1") is None
    assert settings.windows_python("3.9") is None


def test_environment_variable_wins(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For its own Python; the others are as the file says."""
    file.write_text('[windows-pythons]\n"3.8" = "/from/file"\n"3.9" = "/from/file/39"\n')
    monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_8", "/from/variable")
    assert settings.windows_python("3.8") == Path("/from/variable")
    assert settings.windows_python("3.9") == Path("/from/file/39")


def test_environment_variable_needs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner of CI has none."""
    monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_13", "/from/variable")
    assert settings.windows_python("3.13") == Path("/from/variable")
    assert settings.windows_python("3.1") is None


def test_empty_environment_variable_says_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a shell script that clears it."""
    file.write_text('[windows-pythons]\n"3.8" = "/from/file"\n')
    monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_8", "")
    assert settings.windows_python("3.8") == Path("/from/file")


def test_empty_name_is_no_folder(file: Path) -> None:
    """It is not the working folder."""
    file.write_text('[windows-pythons]\n"3.8" = ""\n')
    assert settings.windows_python("3.8") is None


@pytest.mark.parametrize("from_file", [True, False])
def test_home_is_understood(
    from_file: bool,  # noqa: FBT001 - where it is named
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither a TOML file nor every shell expands it."""
    if from_file:
        file.write_text('[windows-pythons]\n"3.8" = "~/python38"\n')
    else:
        monkeypatch.setenv("HARNESS_WINDOWS_PYTHON_3_8", "~/python38")
    assert settings.windows_python("3.8") == Path.home() / "python38"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[windows-python]\n", "windows-python"),
        ('[windows-pythons]\n"3.8" = "/x"\n[other]\n', "other"),
        ('windows_pythons = {"3.8" = "/x"}\n', "windows_pythons"),
        ('[windows-pythons]\n"3.8" = 38\n', "str"),
        ("[windows-pythons]\n3.8 = '/x'\n", "str"),
        ('windows-pythons = "/x"\n', "object"),
        ("windows-pythons = [", "Invalid"),
        ('{"windows-pythons": {}}', "Invalid"),
    ],
)
def test_file_that_is_not_valid_is_told(content: str, words: str, file: Path) -> None:
    """A misspelt table would otherwise be passed over in silence. The message names the file and the table."""
    file.write_text(content)
    with pytest.raises(UsageError) as error:
        settings.windows_python("3.8")
    assert words in str(error.value)
    assert str(file) in str(error.value)
    assert "[windows-pythons]" in str(error.value)
    assert "\n" not in str(error.value)


def test_file_that_is_not_utf_8_is_told(file: Path) -> None:
    """As an editor on Windows may save it."""
    file.write_bytes('[windows-pythons]\n"3.8" = "/opt/fenêtres"\n'.encode("latin-1"))
    with pytest.raises(UsageError):
        settings.load()


def test_folder_in_place_of_the_file_is_told(file: Path) -> None:
    """``HARNESS_SETTINGS`` may name the folder that the file is in."""
    file.mkdir()
    with pytest.raises(UsageError):
        settings.load()


@pytest.mark.parametrize("named", [None, ""])
def test_file_lies_in_the_users_configuration(named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless another one is named."""
    monkeypatch.setattr(platformdirs, "user_config_dir", lambda *_, **__: "/home/somebody/config/harness")
    if named is None:
        monkeypatch.delenv("HARNESS_SETTINGS")
    else:
        monkeypatch.setenv("HARNESS_SETTINGS", named)
    assert settings.path() == Path("/home/somebody/config/harness/settings.toml")
