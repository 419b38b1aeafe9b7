"""What went wrong with files that go elsewhere, noted beside the database for whoever asks."""

from contextlib import suppress
from pathlib import Path


class Notes:
    """Lines of `<database>.daily-files`, or of another kind; no file, no trouble."""

    def __init__(self, database: Path, kind: str = "daily-files") -> None:
        self._file = Path(f"{database}.{kind}")

    def read(self) -> list[str]:
        try:
            return self._file.read_text("utf-8", "replace").splitlines()
        except OSError:
            return []

    def write(self, sentences: list[str]) -> None:
        """Take the place of what was noted before; where that cannot be, nothing depends on it."""
        part = self._file.with_name(f"{self._file.name}.part")
        lines = (" ".join(sentence.split()) for sentence in sentences)
        with suppress(OSError):
            if not sentences:
                self._file.unlink(missing_ok=True)
                return
            try:
                part.write_text("\n".join(lines) + "\n", "utf-8")
                part.replace(self._file)
            finally:
                part.unlink(missing_ok=True)
