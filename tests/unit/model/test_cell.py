"""The printable id of a cell: one for each, the same everywhere, fit for folders, shells and globs."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.coordinates import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.cell import Cell

SAFE = re.compile(r"[A-Za-z0-9._+-]+")
ODD = (
    "docker:python:3.12-slim",
    "docker:registry.example:5000/team/python@sha256:0123",
    "docker:a/b",
    "docker:a:b",
    'docker:<>:"/\\|?*',
    "docker:ünï çødé",
    "docker:a_b",
    "docker:a b\n",
)
fields = st.text(min_size=1, max_size=12)


def test_id_reads_as_the_contract_shows(make_cell: Callable[..., Cell]) -> None:
    """Ids are scripted against: this one never changes."""
    cell = make_cell(scenario="pipelined-keep-alive", variant="h11", version="0.27.0", python="3.8")
    assert cell.id == "pipelined-keep-alive_h11_uvicorn-0.27.0_py3.8_linux"


def test_id_of_an_odd_platform_is_the_same_tomorrow(make_cell: Callable[..., Cell]) -> None:
    """Stored evidence is found again: no hash that changes with the process."""
    cell = make_cell(platform="docker:python:3.12-slim")
    assert cell.id == "some-failure_default_uvicorn-0.27.0_py3.12_docker-python-3.12-slim-9918fa"


@pytest.mark.parametrize("platform", ODD)
def test_odd_platform_makes_a_folder_name(platform: str, make_cell: Callable[..., Cell]) -> None:
    """Nothing that Windows reserves, that a shell or a glob reads, or that ends a name badly."""
    named = make_cell(platform=platform).id
    assert SAFE.fullmatch(named)
    assert named[-1] not in ". "
    assert fnmatch.fnmatchcase(named, named)
    assert named.count("_") == 4


def test_odd_platforms_are_told_apart(make_cell: Callable[..., Cell]) -> None:
    """Two images that print alike do not share their evidence."""
    assert len({make_cell(platform=platform).id for platform in ODD}) == len(ODD)


@given(fields)
def test_any_field_is_printable(field: str) -> None:
    """Whatever a user's scenario or image is called."""
    assert SAFE.fullmatch(printable(field))
    assert "_" not in printable(field)


@given(fields, fields)
def test_different_fields_print_differently(one: str, other: str) -> None:
    """Also where both need replacing."""
    assert (printable(one) == printable(other)) == (one == other)


def test_local_release_is_told_apart(make_cell: Callable[..., Cell]) -> None:
    """A patched server is not the release that it was made from."""
    local = make_cell(version="0.27.0+local.0123abcd")
    assert local.id != make_cell(version="0.27.0").id
    assert "0.27.0+local.0123abcd" in local.id
