"""Files that are one article each: plain text and HTML pages. Their bytes stay undecoded."""

from collections.abc import Iterator

from newsetl.io.reading import Reading, Region
from newsetl.io.streams import ByteStream
from newsetl.records import Fields, Form, RawRecord, Reject


def read_whole(stream: ByteStream, reading: Reading) -> Iterator[RawRecord | Reject]:
    """The one record of a text or HTML file."""
    if not reading.is_wanted(None):
        return
    limit = reading.options.max_record_bytes
    content = stream.read(limit + 1)
    region = Region(None)
    region.add(content)
    if len(content) > limit:
        while data := stream.read_chunk():
            region.add(data)
    if stream.broken:
        reason, detail = stream.broken.reason, stream.broken.detail
        stream.broken = None
        yield reading.skipped(region, reason, detail)
    elif len(content) > limit:
        yield reading.skipped(region, "too-large", f"{region.length} bytes, more than {limit}")
    else:
        form: Form = "html" if reading.file.format == "html" else "text"
        yield RawRecord(reading.region_place(region), form, content=content, fields=Fields(url=reading.url()))
