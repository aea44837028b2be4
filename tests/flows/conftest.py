"""A Prefect server of our own on loopback."""

import http
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest

START_SECONDS = 120


@dataclass
class Server:
    """A running server: the environment of those who speak to it, and calls of its API."""

    api: str
    environment: dict

    def call(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api}/{path}", data, {"Content-Type": "application/json"})
        for tries in range(5):
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                if error.code != http.HTTPStatus.SERVICE_UNAVAILABLE or tries == 4:  # its database is busy
                    raise
                time.sleep(1)
        return None

    def artifacts(self):
        """The newest artifact of each key."""
        found = self.call("artifacts/filter", {"sort": "CREATED_DESC"})
        return {artifact["key"]: artifact["data"] for artifact in reversed(found)}

    def prefect(self, *arguments, **options):
        """The output of the command `prefect`, which must succeed."""
        command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
        done = subprocess.run(
            command, env=self.environment, check=False, capture_output=True, text=True, timeout=240, **options
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *command, **options):
        """A process that speaks to the server, until it is ended."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([sys.executable, "-m", *command], env=self.environment, **quiet, **options)


@pytest.fixture(scope="session")
def prefect_environment(tmp_path_factory):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return environment | {
        "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


@pytest.fixture(scope="session")
def server(prefect_environment):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Server(f"http://127.0.0.1:{port}/api", prefect_environment)
    process = found.start("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    found.environment = prefect_environment | {"PREFECT_API_URL": found.api}
    try:
        for _ in range(START_SECONDS * 2):
            try:
                found.call("health")
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.5)
        yield found
    finally:
        process.terminate()
        process.wait(30)
