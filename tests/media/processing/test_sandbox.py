"""What a process that entered the sandbox can still do; each try runs in a child that gives everything up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from weft.media.processing import kernel_calls, sandbox

PRELUDE = """
import os, socket, sys, pathlib
from weft.media.processing import sandbox
os.chdir(sys.argv[1])
exec(sys.argv[2])
closed = sandbox.close_network()
walls = sandbox.enter(
    sandbox.Limits(file_bytes=1000, processes=None, descriptors=64), network_closed=closed, folder=pathlib.Path())
"""
needs_landlock = pytest.mark.skipif(kernel_calls.landlock_version() == 0, reason="this kernel has no Landlock")


def tried(folder: Path, code: str, first: str = "") -> str:
    if not first:
        sandbox.give_away(folder)
    command = [sys.executable, "-P", "-c", PRELUDE + code, str(folder), first]
    done = subprocess.run(command, env=sandbox.environment(), capture_output=True, text=True, timeout=20, check=False)
    return done.stdout + done.stderr


@needs_landlock
@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "/usr/bin/env", "/root", "/tmp"])
def test_files_outside_cannot_be_opened(tmp_path: Path, path: str):
    assert "PermissionError" in tried(tmp_path, f"os.open({path!r}, os.O_RDONLY)")


@needs_landlock
def test_nothing_outside_can_be_written_or_run(tmp_path: Path):
    assert "PermissionError" in tried(tmp_path, "open('/tmp/weft-sandbox-test', 'w')")
    assert "PermissionError" in tried(tmp_path, "os.execv('/bin/true', ['true'])")


def test_the_private_folder_takes_small_files_only(tmp_path: Path):
    assert "10" in tried(tmp_path, "print(pathlib.Path('a').write_bytes(bytes(10)))")
    ignore = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    write = "file = os.open('b', os.O_WRONLY | os.O_CREAT); [os.write(file, bytes(800)) for _ in range(4)]"
    assert "File too large" in tried(tmp_path, ignore + write)


@needs_landlock
def test_links_cannot_be_made(tmp_path: Path):
    assert "PermissionError" in tried(tmp_path, "os.symlink('/etc/passwd', 'link')")


def test_the_network_is_gone(tmp_path: Path):
    words = tried(tmp_path, "print(closed); socket.socket().connect(('127.0.0.1', 1))")
    if words.startswith("False"):
        pytest.skip("this kernel lets no process leave the network")
    assert "Network is unreachable" in words or "PermissionError" in words


def test_root_cannot_be_regained(tmp_path: Path):
    # In a user namespace without root the number means nothing: EINVAL instead of EPERM.
    assert "Error" in tried(tmp_path, "os.setuid(0)")


def test_memory_is_bounded(tmp_path: Path):
    assert "MemoryError" in tried(tmp_path, "bytearray(2 * 1024**3)")


def test_an_ordinary_user_gets_the_same_walls(tmp_path: Path):
    if os.geteuid() != 0:
        pytest.skip("the tests already run as an ordinary user")
    tmp_path.chmod(0o777)
    become = "os.setgroups([]); os.setgid(12345); os.setuid(12345)"
    words = tried(tmp_path, "print(walls)", become)
    assert "uid=12345" in words or "uid=65534" in words
    # Where the kernel has them, namespaces and Landlock need no privilege.
    assert f"files_closed={kernel_calls.landlock_version() > 0}" in words
