"""Settings: environment variables CARDSVC_*, over a TOML file (CARDSVC_CONFIG), over defaults. No default is a secret."""

import os
import re
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from cardsvc.errors import RequestError
from cardsvc.errors.fields import FieldsError, reasons
from cardsvc.text import Text

_STATE = Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state")) / "cardsvc"


def state_folder() -> Path:
    """Where a user's own state lies: the embedded database, the sealed keys, who is signed in."""
    return _STATE


def find_profiles() -> Path:
    """The folder firmware_profiles: in a checkout beside the package, in an installation inside it."""
    package = Path(__file__).parent
    checkout = package.parent / "firmware_profiles"
    return checkout if checkout.is_dir() else package / "firmware_profiles"


class Settings(BaseSettings):
    """Everything that differs between installations. Raises RequestError ``settings_wrong``, which repeats no value."""

    def __init__(self, **given: Any) -> None:
        """Read them all."""
        file = os.environ.get("CARDSVC_CONFIG")
        if file and not Path(file).is_file():
            raise RequestError(
                "settings_wrong", reason=Text(f"CARDSVC_CONFIG：没有文件 {file}", f"CARDSVC_CONFIG: no file {file}")
            )
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise RequestError("settings_wrong", reason=reasons(error)) from None
        except (TOMLDecodeError, OSError, UnicodeDecodeError) as error:
            raise RequestError("settings_wrong", reason=f"CARDSVC_CONFIG: {error}") from None

    model_config = SettingsConfigDict(env_prefix="CARDSVC_", extra="forbid")

    database_url: str = f"sqlite:///{_STATE / 'cardsvc.db'}"
    keystore: Path = _STATE / "keys.sealed"
    receipt_key: Path | None = Field(default=None, description="key that signs receipts; receipts.pem beside the key store")
    passphrase: SecretStr | None = Field(default=None, description="of the sealed key store; better: passphrase_file")
    passphrase_file: Path | None = None
    pkcs11_module: Path | None = Field(default=None, description="keys in an HSM, not the sealed file: its PKCS#11 library")
    pkcs11_token: str = Field(default="cardsvc", description="label of the token")
    pkcs11_pin_file: Path | None = Field(default=None, description="file with the token's PIN")
    profiles: Path = Field(default_factory=find_profiles)
    rules: Path | None = Field(default=None, description="a rule set of your own instead of the packaged one")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str | None = Field(default=None, description="what terminals call; needed behind a proxy")
    tls_cert: Path | None = Field(default=None, description="serve HTTPS with this certificate, and tls_key")
    tls_key: Path | None = None
    client_ca: Path | None = Field(default=None, description="mTLS: take only clients with a certificate of this authority")
    client_cert_proxy: str | None = Field(default=None, description="address of the proxy whose X-Client-Cert, X-Real-IP count")
    requests_per_minute: int = Field(default=600, ge=1, description="of one terminal, where it has no number of its own")
    refused_per_minute: int = Field(default=120, ge=1, description="badly signed requests of one address, over all workers")
    metrics_token_file: Path | None = Field(default=None, description="file with the token of GET /metrics; none: no such page")
    library_url: str | None = Field(default=None, description="where the library's system takes notices")
    desk_host: str = "127.0.0.1"
    desk_port: int = Field(default=8081, ge=1, le=65535)
    passkey_origin: str | None = Field(
        default=None, description="address of the desk page in browsers, https://desk.example.cn: turns passkeys on"
    )
    desk_workers: int = Field(default=2, ge=1, le=16)
    workers: int = Field(default=2, ge=1, le=64)

    @field_validator("passkey_origin")
    @classmethod
    def _browsers_allow_it(cls, given: str | None) -> str | None:
        """Browsers know passkeys on https pages and on localhost, by the origin as they write it: no path, no slash behind."""
        if given is None or re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?|http://localhost(:\d+)?", given):
            return given
        raise FieldsError(
            "写成 https://主机[:端口]，用小写字母，后面没有路径", "is https://HOST[:PORT], in small letters and without a path"
        )

    @field_validator("pkcs11_module", "library_url", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        """Set to nothing it is not set: for a process that is to ignore an HSM, or the library, of its parent's settings."""
        return given or None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - fixed by the library
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - fixed by the library
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file that CARDSVC_CONFIG names."""
        file = TomlConfigSettingsSource(settings_cls, os.environ.get("CARDSVC_CONFIG"))
        return init_settings, env_settings, file
