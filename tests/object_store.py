"""A real S3 endpoint on loopback (moto's server), and a bucket in it."""

import os
import subprocess
import sys
import time
import urllib.request
import uuid

import pytest

from newsetl.io.paths import store_path

SERVER = """
import time
from moto.server import ThreadedMotoServer
ThreadedMotoServer("127.0.0.1", {port}).start()
time.sleep(9e9)
"""
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
START_SECONDS = 60


def free_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def endpoint():
    """The address of the server, which runs in a process of its own; the environment names it."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", SERVER.format(port=port)], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    before = dict(os.environ)
    os.environ.update(CREDENTIALS, AWS_ENDPOINT_URL=url)
    try:
        wait_for(f"{url}/moto-api/")
        yield url
    finally:
        server.kill()
        server.wait()
        for name in (*CREDENTIALS, "AWS_ENDPOINT_URL"):
            os.environ.pop(name, None)
        os.environ.update(before)


def wait_for(url):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            assert time.monotonic() < deadline, "moto's server does not answer"
            time.sleep(0.1)


@pytest.fixture
def bucket(endpoint):
    """The URL of an empty bucket, `s3://…`."""
    import s3fs

    name = f"news-{uuid.uuid4().hex[:12]}"
    s3fs.S3FileSystem(use_listings_cache=False).mkdir(name)
    return f"s3://{name}"


@pytest.fixture
def listed():
    """What lies in a bucket: key -> (ETag, time of the last change)."""

    def look(url):
        place = store_path(url)
        found = place.fs.find(place.path, detail=True)
        return {key.partition("/")[2]: (info["ETag"], info["LastModified"]) for key, info in sorted(found.items())}

    return look


def told(*arguments, **environment):
    """Exit code and what a command, in a process of its own, says of errors. It asks the store once."""
    done = subprocess.run(
        [sys.executable, "-m", "newsetl.cli", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "AWS_MAX_ATTEMPTS": "1", **environment},
    )
    return done.returncode, done.stderr.strip()
