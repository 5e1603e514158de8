"""The site's commands, run in this process: quicker than one of their own, where many are asked."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from admin_site import cli


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Commands:
    """A shell in a folder without settings, where DATABASE_URL names one database."""

    def __init__(
        self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str], folder: Path, url: str
    ) -> None:
        self._patch = patch
        self._capture = capture
        patch.chdir(folder)
        patch.setenv("DATABASE_URL", url)

    def __call__(self, *arguments: str, **settings: str) -> Done:
        self._capture.readouterr()
        with self._patch.context() as patch:
            patch.setattr(sys, "argv", ["admin_site", *arguments])
            for name, value in settings.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as end:
                cli.main()
        said = self._capture.readouterr()
        return Done(int(end.value.code or 0), said.out, said.err)
