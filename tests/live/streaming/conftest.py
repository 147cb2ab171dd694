"""A real Icecast server, where one is installed."""

import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

PASSWORD = "for this test alone"

ICECAST = """<icecast>
  <limits><clients>10</clients><sources>2</sources><queue-size>33554432</queue-size>
    <burst-size>16777216</burst-size></limits>
  <authentication><source-password>{password}</source-password>
    <admin-user>admin</admin-user><admin-password>{password}</admin-password></authentication>
  <hostname>localhost</hostname>
  <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths><logdir>{folder}</logdir><webroot>{share}/web</webroot><adminroot>{share}/admin</adminroot></paths>
  <logging><errorlog>error.log</errorlog><accesslog>access.log</accesslog><loglevel>3</loglevel></logging>
  <security><chroot>0</chroot>{owner}</security>
</icecast>
"""


class RealIcecast:
    """icecast2 on loopback."""

    def __init__(self, folder: Path) -> None:
        owner = ""
        if os.getuid() == 0:  # it refuses to run as root
            owner = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>"
            for above in (folder, *folder.parents):
                if above in (Path("/tmp"), Path("/")):
                    break
                above.chmod(above.stat().st_mode | 0o055)
            folder.chmod(0o777)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        share = "/usr/share/icecast2"
        text = ICECAST.format(password=PASSWORD, port=self.port, folder=folder, share=share, owner=owner)
        self.file = folder / "icecast.xml"
        self.file.write_text(text)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["icecast2", "-c", str(self.file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while not self.answers():
            assert time.monotonic() < deadline, "icecast2 does not answer"
            time.sleep(0.05)

    def answers(self) -> bool:
        assert self.process.poll() is None, "icecast2 ended"
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def listen(self, heard: bytearray) -> threading.Thread:
        def read() -> None:
            try:
                with urlopen(Request(f"http://127.0.0.1:{self.port}/set"), timeout=60) as answer:
                    while data := answer.read1(65_536):
                        heard.extend(data)
            except OSError:
                return

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread


@pytest.fixture
def icecast(tmp_path):
    """A server that runs, with a mount /set for the password of these tests."""
    if shutil.which("icecast2") is None:
        pytest.skip("icecast2 is not installed")
    folder = tmp_path / "icecast"
    folder.mkdir()
    server = RealIcecast(folder)
    yield server
    server.stop()
