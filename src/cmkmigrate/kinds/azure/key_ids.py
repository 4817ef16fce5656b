"""The id of a key (its kid), in parts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from cmkmigrate.errors import Mistake


@dataclass(frozen=True, slots=True)
class KeyId:
    """The parts of a key's URL; version "" for the newest. uri: its vault or managed HSM, with a slash at its end."""

    uri: str
    name: str
    version: str

    @classmethod
    def parse(cls, kid: str) -> KeyId:
        """Raises Mistake when `kid` is no key's URL. A port 443 (Resource Manager writes it at times) is left out."""
        try:
            parts = urlsplit(kid)
        except ValueError:  # half of an IPv6 address
            parts = urlsplit("")
        words = parts.path.strip("/").split("/")
        if parts.scheme != "https" or len(words) not in (2, 3) or words[0] != "keys":
            raise Mistake(
                f"{kid!r} is not the id of a key", next="it looks like https://VAULT.vault.azure.net/keys/NAME/VERSION"
            )
        host = parts.netloc.removesuffix(":443")
        return cls(f"https://{host}/", words[1], words[2] if len(words) == 3 else "")

    @property
    def host(self) -> str:
        """The host of its vault, in small letters."""
        return (urlsplit(self.uri).hostname or "").lower()
