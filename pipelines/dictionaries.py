"""Joining columns of texts that are stored as dictionaries and codes into them."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import pyarrow as pa
import pyarrow.compute as pc


def joined(parts: Sequence[pa.Array]) -> pa.Array:
    """Return arrays of one type one after another; dictionaries become one without repeats.

    Arrow's own `unify_dictionaries` and `concat_arrays` look up the code of every row, of those that are null too; what
    stands there is anything at all after a Parquet file has been read, and the process dies (Arrow 26).
    """
    if len(parts) == 1:
        return parts[0]
    if not pa.types.is_dictionary(parts[0].type):
        return pa.concat_arrays(parts)
    codes = [part.indices for part in parts]
    first = parts[0].dictionary
    if all(part.dictionary.equals(first) for part in parts[1:]):
        return pa.DictionaryArray.from_arrays(pa.concat_arrays(codes), first)
    encoded = pa.concat_arrays([part.dictionary for part in parts]).dictionary_encode()
    bounds = pairwise(accumulate((len(part.dictionary) for part in parts), initial=0))
    places = [encoded.indices[start:end] for start, end in bounds]
    taken = [pc.take(place, code) for place, code in zip(places, codes, strict=True)]
    return pa.DictionaryArray.from_arrays(pa.concat_arrays(taken), encoded.dictionary)


def joined_batches(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Return the rows of batches of one schema as one batch."""
    schema = batches[0].schema
    columns = [joined([batch.column(place) for batch in batches]) for place in range(len(schema))]
    return pa.record_batch(columns, schema)
