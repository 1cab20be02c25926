"""Files from operators, payment channels and terminals: read as a whole, refused as a whole, taken in parts, never twice."""

from cardsvc.service.batches.importing import GivenFile, Imported, batch_view, import_file
from cardsvc.service.batches.reading import MAX_BYTES, MAX_RECORDS

__all__ = ["MAX_BYTES", "MAX_RECORDS", "GivenFile", "Imported", "batch_view", "import_file"]
