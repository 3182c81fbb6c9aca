"""Hosts on this machine: network namespaces on one switch, and cables that can be cut.

Nothing has a name outside: the namespaces are held by this process alone and end with it.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

_NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_NOBODY: Final = "02:00:00:00:00:ff"  # what goes there arrives nowhere, and nobody says so


def why_not() -> str:
    """Why there can be no hosts here; empty where there can."""
    if shutil.which("ip") is None:
        return "`ip` is missing: apt-get install iproute2"
    try:
        os.close(_new_namespace())
    except OSError as error:
        return f"network namespaces may not be made here: {error.strerror}"
    return ""


class Network:
    """Hosts by name, each with an address of its own and no way but to the others."""

    def __init__(self, names: Sequence[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(names, start=1)}
        self._switch = _new_namespace()
        self._hosts: dict[str, int] = {}
        with _within(self._switch):
            _ip("link add br0 type bridge")
            _ip("link set br0 up")
        for name, number in self._numbers.items():
            self._hosts[name] = self._plugged_in(number)
        for one, other in self._pairs():
            self._lead(one, other, _mac(self._numbers[other]))

    def address(self, name: str) -> str:
        """Address at which the other hosts reach one."""
        return f"192.0.2.{self._numbers[name]}"

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Stand on a host: this thread's sockets, and what it starts, are there."""
        with _within(self._hosts[name]):
            yield

    def cut(self, name: str) -> None:
        """Pull a host's cable: nothing goes to it or comes from it, and no one is told."""
        for one, other in self._pairs():
            if name in (one, other):
                self._lead(one, other, _NOBODY)

    def heal(self, name: str) -> None:
        """Plug it in again."""
        for one, other in self._pairs():
            if name in (one, other):
                self._lead(one, other, _mac(self._numbers[other]))

    def close(self) -> None:
        """Let go of the hosts; they are gone when the last process on them is."""
        for namespace in (*self._hosts.values(), self._switch):
            os.close(namespace)

    def _pairs(self) -> list[tuple[str, str]]:
        return [(one, other) for one in self._hosts for other in self._hosts if one != other]

    def _plugged_in(self, number: int) -> int:
        host = _new_namespace()
        switch = f"/proc/{os.getpid()}/fd/{self._switch}"
        with _within(host):
            _ip(
                f"link add eth0 address {_mac(number)} type veth peer name p{number} netns {switch}"
            )
            _ip(f"addr add 192.0.2.{number}/24 dev eth0")
            _ip("link set lo up")
            _ip("link set eth0 up")
        with _within(self._switch):
            _ip(f"link set p{number} master br0 up")
        return host

    def _lead(self, one: str, other: str, mac: str) -> None:
        """Have what one host sends another go to a card; nobody asks who has the address."""
        with self.inside(one):
            _ip(f"neigh replace {self.address(other)} lladdr {mac} dev eth0 nud permanent")


def _mac(number: int) -> str:
    return f"02:00:00:00:00:{number:02x}"


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, capture_output=True)


def _here() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _new_namespace() -> int:
    """A network without anything, held by a file descriptor."""
    here = _here()
    try:
        _checked(_LIBC.unshare(_NEW_NETWORK))
        try:
            return _here()
        finally:
            _checked(_LIBC.setns(here, _NEW_NETWORK))
    finally:
        os.close(here)


@contextmanager
def _within(namespace: int) -> Iterator[None]:
    here = _here()
    _checked(_LIBC.setns(namespace, _NEW_NETWORK))
    try:
        yield
    finally:
        _checked(_LIBC.setns(here, _NEW_NETWORK))
        os.close(here)


def _checked(answer: int) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
