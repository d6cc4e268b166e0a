"""What a container shares with this machine, as settings of the engine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.containers.confinement import settings_of
from harness.model.addresses import Address, Tcp, Unix
from harness.processes.launch import Launch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="containers are for POSIX machines")


@pytest.mark.parametrize(
    ("at", "has_ipv6"),
    [
        (Tcp(), False),
        (Tcp(host="::1"), True),
        (Tcp(host="localhost"), True),  # both loopbacks: a server may end that cannot listen on one of them
        (Unix(), False),
    ],
    ids=str,
)
def test_loopback_has_ipv6_where_a_server_is_to_listen_on_it(at: Address, has_ipv6: bool) -> None:  # noqa: FBT001
    """And nowhere else in the container."""
    launch = Launch(program="server", arguments=(), folder=Path("/trial"), mark="mark", port=27000, at=at)
    sysctls = settings_of(launch)["sysctls"]
    assert isinstance(sysctls, dict)
    assert {name: value for name, value in sysctls.items() if "ipv6" in name} == (
        {"net.ipv6.conf.lo.disable_ipv6": "0"} if has_ipv6 else {}
    )
