"""What sort of file some bytes are, by what they begin with."""

from dataclasses import dataclass

BEGINNING = 512  # bytes that tell


@dataclass(frozen=True)
class FileType:
    """A sort of file: its words for people, the type a browser is told, the ending of its name."""

    label: str
    media_type: str
    ending: str


UNKNOWN = FileType("File", "application/octet-stream", "bin")
TEXT = FileType("Text", "text/plain; charset=utf-8", "txt")

_SIGNS: tuple[tuple[bytes, int, FileType], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, FileType("PNG picture", "image/png", "png")),
    (b"\xff\xd8\xff", 0, FileType("JPEG picture", "image/jpeg", "jpg")),
    (b"GIF87a", 0, FileType("GIF picture", "image/gif", "gif")),
    (b"GIF89a", 0, FileType("GIF picture", "image/gif", "gif")),
    (b"WEBP", 8, FileType("WebP picture", "image/webp", "webp")),
    (b"BM", 0, FileType("BMP picture", "image/bmp", "bmp")),
    (b"II*\0", 0, FileType("TIFF picture", "image/tiff", "tiff")),
    (b"MM\0*", 0, FileType("TIFF picture", "image/tiff", "tiff")),
    (b"ftypavif", 4, FileType("AVIF picture", "image/avif", "avif")),
    (b"ftyp", 4, FileType("MP4 video", "video/mp4", "mp4")),
    (b"\x1aE\xdf\xa3", 0, FileType("WebM or Matroska video", "video/webm", "webm")),
    (b"ID3", 0, FileType("MP3 sound", "audio/mpeg", "mp3")),
    (b"OggS", 0, FileType("Ogg sound", "audio/ogg", "ogg")),
    (b"WAVE", 8, FileType("WAV sound", "audio/wav", "wav")),
    (b"%PDF-", 0, FileType("PDF document", "application/pdf", "pdf")),
    (b"PK\x03\x04", 0, FileType("ZIP archive", "application/zip", "zip")),
    (b"PK\x05\x06", 0, FileType("ZIP archive", "application/zip", "zip")),
    (b"\x1f\x8b", 0, FileType("Gzip archive", "application/gzip", "gz")),
    (b"7z\xbc\xaf\x27\x1c", 0, FileType("7-Zip archive", "application/x-7z-compressed", "7z")),
    (b"SQLite format 3\0", 0, FileType("SQLite database", "application/vnd.sqlite3", "sqlite3")),
)


def file_type(content: bytes) -> FileType:
    """Return the sort of file that `content` is; markup and scripts are plain text, whatever they say."""
    for sign, offset, found in _SIGNS:
        if content[offset : offset + len(sign)] == sign:
            return found
    return TEXT if content and _is_text(content[:BEGINNING], is_cut=len(content) > BEGINNING) else UNKNOWN


def size_in_words(size: int) -> str:
    """Return a number of bytes as people say it: "1 byte", "812 bytes", "1.4 MB"."""
    if size < 1_000:
        return f"{size} byte{'' if size == 1 else 's'}"
    amount, unit = size / 1_000, "kB"
    for larger in ("MB", "GB"):
        if amount >= 999.5:
            amount, unit = amount / 1_000, larger
    return f"{amount:.1f} {unit}" if amount < 99.5 else f"{amount:.0f} {unit}"


def _is_text(beginning: bytes, *, is_cut: bool) -> bool:
    """Whether bytes read as UTF-8 without control characters; the last letter of a cut one may be broken."""
    for lost in range(4 if is_cut else 1):
        try:
            text = beginning[: len(beginning) - lost].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return all(letter.isprintable() or letter in "\r\n\t" for letter in text)
    return False
