"""An emulator of one's own: `with EmulatorServer() as emulator: ...` starts it on a free port and ends it after.

Used by pytest (fixture `emulator` in tests/conftest.py) and by anything else that needs AWS for a while.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emulator import DEFAULT_ACCOUNT_ID

ROOT = Path(__file__).resolve().parent.parent
RESOLVER = ROOT / "emulator" / "resolver"
"""For PYTHONPATH of clients that call S3 Control; see its sitecustomize.py."""
REGION = "ap-northeast-1"

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class EmulatorServer:
    """A running emulator with its call log and live settings.

    `url` is its endpoint, `env` the environment in which any AWS client finds it, `account_id` whose account it is.
    """

    def __init__(self, *arguments: str, account_id: str = DEFAULT_ACCOUNT_ID, region: str = REGION) -> None:
        self.account_id = account_id
        self.region = region
        self.url = ""
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self._directory = tempfile.TemporaryDirectory(prefix="emulator-")
        self._calls: list[dict[str, Any]] = []
        self._read = 0  # bytes of the call log

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Return once requests are accepted; RuntimeError with the emulator's own words if it does not start."""
        command = [sys.executable, "-m", "emulator", "--port", "0", "--account-id", self.account_id, "--with-parent"]
        command += ["--calls", str(self._calls_file)]
        for name in ("faults", "delays", "images", "world"):
            command += [f"--{name}", str(self._file(name))]
        command += ["--database-ca", str(self.database_ca)]
        with self._log_file.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [*command, *self._arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready.startswith("emulator ready on "):
            self._process.wait()
            raise RuntimeError(f"the emulator did not start: {ready}{self.log()}")
        self.url = ready.split()[3]

    def stop(self) -> int:
        """End the server and forget its files; returns its exit status."""
        status = 0
        if self._process is not None:
            self._process.terminate()
            status = self._process.wait(timeout=30)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
        self._directory.cleanup()
        return status

    @property
    def env(self) -> dict[str, str]:
        """This process's environment with AWS pointing at the emulator and at nothing else."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        path = os.pathsep.join(filter(None, [str(RESOLVER), kept.get("PYTHONPATH")]))
        return kept | self.aws_env | {"PYTHONPATH": path}

    @property
    def aws_env(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of this emulator that does not retry, so that tests see each answer."""
        import boto3
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1}, parameter_validation=options.pop("parameter_validation", True)
        )
        return boto3.client(
            service,
            **{
                "region_name": self.region,
                "endpoint_url": self.url,
                "aws_access_key_id": "testing",
                "aws_secret_access_key": "testing",
                "config": config,
            }
            | options,
        )

    def calls(self) -> list[dict[str, Any]]:
        """The API calls since the last reset, oldest first; see `emulator.calls` for their form."""
        # What was read before is kept: some tests ask again and again, and the log is that of a whole session.
        if self._calls_file.exists():
            with self._calls_file.open("rb") as file:
                file.seek(self._read)
                whole = [line for line in file if line.endswith(b"\n")]
            self._read += sum(map(len, whole))
            self._calls += map(json.loads, whole)
        return self._calls[:]

    def log(self) -> str:
        """What the emulator wrote to stderr."""
        return self._log_file.read_text(encoding="utf-8")

    def set_faults(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Put these rules in force at once (`emulator.faults` describes them); [] ends all faults."""
        self._write("faults", list(rules))

    def set_delays(self, delays: Mapping[str, float]) -> None:
        """Seconds by key, in force at once, also for what is under way; {} ends all delays."""
        self._write("delays", dict(delays))

    def put_image(self, repository: str, tag: str | None, architecture: str | Sequence[str] = "amd64") -> str:
        """Push an image for `architecture` (amd64, arm64, or several as one image index) to an ECR repository of this
        account; returns its digest. Another tag is another image."""
        ecr = self.client("ecr")
        if isinstance(architecture, str):
            return _push(ecr, repository, tag, _manifest(ecr, repository, tag, architecture))
        entries = []
        for each in architecture:
            manifest = _manifest(ecr, repository, tag, each)
            digest = _push(ecr, repository, None, manifest)
            size = len(json.dumps(manifest))
            platform = {"architecture": each, "os": "linux"}
            entries.append({"mediaType": _MANIFEST, "digest": digest, "size": size, "platform": platform})
        return _push(ecr, repository, tag, {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries})

    def set_images(self, images: Mapping[str, Mapping[str, Any]]) -> None:
        """What the containers of images do from now on, by pattern (`emulator.images`); {} ends all behaviours."""
        self._write("images", dict(images))

    def set_world(self, **world: Any) -> None:
        """Quotas and public images, in force at once (`emulator.world`); nothing restores AWS's."""
        self._write("world", world or None)

    def reset(self) -> None:
        """An empty account with no faults, no delays, well-behaved images and no calls recorded."""
        self.set_faults([])
        self.set_delays({})
        self.set_images({})
        self.set_world()
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")
        with urllib.request.urlopen(request):
            pass
        if self._calls_file.exists():
            self._read = self._calls_file.stat().st_size
        self._calls.clear()

    @property
    def database_ca(self) -> Path:
        """The CA of every RDS instance, which are real PostgreSQL servers that start when a client connects."""
        return Path(self._directory.name, "rds-ca.pem")

    @property
    def _calls_file(self) -> Path:
        return Path(self._directory.name, "calls.jsonl")

    @property
    def _log_file(self) -> Path:
        return Path(self._directory.name, "stderr.log")

    def _file(self, name: str) -> Path:
        return Path(self._directory.name, f"{name}.json")

    def _write(self, name: str, document: Any) -> None:
        # Replacing the file gives it a new inode, so that the server sees every change, however quick.
        new = self._file(f"{name}.new")
        new.write_text(json.dumps(document), encoding="utf-8")
        new.replace(self._file(name))


def _manifest(ecr: Any, repository: str, tag: str | None, architecture: str) -> dict[str, Any]:
    """The manifest of an image that carries nothing but its configuration, which is uploaded."""
    configuration = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Labels": {"tag": tag}},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
    ).encode()
    layer = f"{repository}:{tag} for {architecture}".encode()
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, **_upload(ecr, repository, configuration)},
        "layers": [{"mediaType": _LAYER, **_upload(ecr, repository, layer)}],
    }


def _upload(ecr: Any, repository: str, content: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    part = {"repositoryName": repository, "uploadId": upload, "partFirstByte": 0, "partLastByte": len(content) - 1}
    ecr.upload_layer_part(**part, layerPartBlob=content)
    ecr.complete_layer_upload(repositoryName=repository, uploadId=upload, layerDigests=[digest])
    return {"digest": digest, "size": len(content)}


def _push(ecr: Any, repository: str, tag: str | None, manifest: Mapping[str, Any]) -> str:
    request = {"repositoryName": repository, "imageManifest": json.dumps(manifest)}
    try:
        image = ecr.put_image(**request, **({"imageTag": tag} if tag else {}))["image"]
    except ecr.exceptions.ImageAlreadyExistsException:
        return f"sha256:{hashlib.sha256(request['imageManifest'].encode()).hexdigest()}"
    return str(image["imageId"]["imageDigest"])
