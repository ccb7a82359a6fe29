"""Files of exports in one private folder: what a stop left half done is removed by `sweep`."""

from dataclasses import dataclass
from pathlib import Path

_PRIVATE = 0o700
FILE, PARTIAL = ".export", ".partial"


@dataclass(frozen=True)
class ExportFolder:
    """The folder; files are named by the ids of their exports."""

    folder: Path

    @classmethod
    def opened(cls, folder: Path) -> "ExportFolder":
        """Return the folder, which is there from now on."""
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        return cls(folder)

    def sweep(self) -> None:
        """Remove what was left half done: it may hold declared content. Nobody makes any now."""
        for left in self.folder.iterdir():
            if left.suffix != FILE:
                left.unlink(missing_ok=True)

    def path(self, id_: str) -> Path:
        """Return where the file of an export stands, or will."""
        return self.folder / f"{id_}{FILE}"

    def partial(self, id_: str) -> Path:
        """Return where it is written first."""
        return self.folder / f"{id_}{PARTIAL}"

    def remove(self, id_: str) -> None:
        """Remove what there is of an export."""
        self.path(id_).unlink(missing_ok=True)
        self.partial(id_).unlink(missing_ok=True)
