"""One input file, or one member of an archive: what `find_inputs` finds and `read_records` reads."""

from dataclasses import dataclass
from typing import Literal

Format = Literal["text", "html", "jsonl", "json", "csv", "tsv", "parquet", "warc"]
Compression = Literal["gz", "zst"]
Archive = Literal["zip", "tar"]

# Skip reasons that mean lost data, not foreign data; `InputFile.is_lost` tells them.
UNREADABLE = "unreadable"
BROKEN_ARCHIVE = "broken-archive"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of records, or why it is none.

    Attributes:
        uri: The path or URL as the user gave it, with "/" between its parts; ``a.zip!b.json`` for a member.
        path: The path or URL to open; that of the archive for a member.
        size_bytes: Bytes on disk; of a member: its bytes in the archive before compression.
        format: What its content is. None: skipped.
        compression: How the file or member itself is compressed; a compressed tar shows at reading.
        archive, member: The kind of archive and the member's name in it.
        member_index: The member's number in the archive's directory (zip), its offset in the tar (tar).
        skip_reason: A short constant and, behind a colon, what was seen: ``not-text: PDF``.
        stamp: Another one where the file is another: time of the last change, or what an object store calls its ETag.
            Of a member: that of its archive.
    """

    uri: str
    path: str
    size_bytes: int
    format: Format | None = None
    compression: Compression | None = None
    archive: Archive | None = None
    member: str | None = None
    member_index: int = 0
    skip_reason: str | None = None
    stamp: str = ""

    @property
    def name(self) -> str:
        """The last part of its name: ``b.json`` of ``a.zip!x/b.json``."""
        return (self.member or self.path).rpartition("/")[2]

    @property
    def is_lost(self) -> bool:
        """True when it is skipped although it should hold records: read it too, it gives its `Reject`."""
        return self.skip_reason is not None and self.skip_reason.partition(":")[0] in (UNREADABLE, BROKEN_ARCHIVE)
