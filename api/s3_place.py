"""Where an S3-compatible store keeps evidence: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from domain.errors import MalformedValue

SCHEME = "s3"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
_PREFIX_LENGTH_MAX = 500
_REGION = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
_FORM = "s3://BUCKET[/PREFIX][?endpoint=http(s)://HOST[:PORT]&region=NAME]"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """A bucket, and where in it. Whoever may write there can lose evidence, and alter none unnoticed."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    """Unset: Amazon's own for the region."""
    region: str | None = None
    """Unset: `AWS_REGION`, or the store's default."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read *url*; raises `MalformedValue`."""
        wrong = MalformedValue(
            f"SHIPLOG_BLOBS is expected to be a folder or {_FORM}; credentials belong in AWS_ACCESS_KEY_ID"
            " and AWS_SECRET_ACCESS_KEY (it is not shown, for it may hold some)"
        )
        try:
            parts = urlsplit(url)
            said = dict(
                pairs := parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
            )
        except ValueError:
            raise wrong from None
        bucket, prefix = parts.netloc, parts.path.strip("/")
        endpoint, region = said.pop("endpoint", None), said.pop("region", None)
        formed = (
            parts.scheme == SCHEME
            and not parts.fragment
            and not said
            and len({name for name, _ in pairs}) == len(pairs)
            and _BUCKET.fullmatch(bucket)
            and (not prefix or (_PREFIX.fullmatch(prefix) and len(prefix) <= _PREFIX_LENGTH_MAX))
            and (endpoint is None or _is_endpoint(endpoint))
            and (region is None or _REGION.fullmatch(region))
        )
        if not formed:
            raise wrong
        return cls(bucket=bucket, prefix=prefix, endpoint=endpoint and endpoint.rstrip("/"), region=region)

    def __str__(self) -> str:
        """Show it without what only operators set."""
        at = f" at {self.endpoint}" if self.endpoint else ""
        return f"{SCHEME}://{self.bucket}/{self.prefix}".rstrip("/") + at

    @property
    def in_the_clear(self) -> bool:
        """Whether evidence goes over a network unencrypted."""
        parts = urlsplit(self.endpoint or "")
        host = parts.hostname or ""
        return parts.scheme == "http" and host not in ("localhost", "::1") and not host.startswith("127.")


def _is_endpoint(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    stray = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    return parts.scheme in ("http", "https") and named and not stray
