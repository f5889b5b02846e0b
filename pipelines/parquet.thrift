// The parts of a Parquet footer that column_chunks.py reads and writes, as the format's specification numbers them:
// https://parquet.apache.org/docs/file-format/metadata/. What is left out (sizes and encodings that repeat what the
// pages say) is optional there, and lost in a copy.

struct Nothing {}

union TimeUnit {
  1: Nothing MILLIS
  2: Nothing MICROS
  3: Nothing NANOS
}

struct TimestampType {
  1: required bool isAdjustedToUTC
  2: required TimeUnit unit
}

struct IntType {
  1: required byte bitWidth
  2: required bool isSigned
}

union LogicalType {
  1: Nothing STRING
  6: Nothing DATE
  8: TimestampType TIMESTAMP
  10: IntType INTEGER
}

struct SchemaElement {
  1: optional i32 type
  2: optional i32 type_length
  3: optional i32 repetition_type
  4: required string name
  5: optional i32 num_children
  6: optional i32 converted_type
  10: optional LogicalType logicalType
}

struct Statistics {
  3: optional i64 null_count
  5: optional binary max_value
  6: optional binary min_value
  7: optional bool is_max_value_exact
  8: optional bool is_min_value_exact
}

struct ColumnMetaData {
  1: required i32 type
  2: required list<i32> encodings
  3: required list<string> path_in_schema
  4: required i32 codec
  5: required i64 num_values
  6: required i64 total_uncompressed_size
  7: required i64 total_compressed_size
  9: required i64 data_page_offset
  11: optional i64 dictionary_page_offset
  12: optional Statistics statistics
}

struct ColumnChunk {
  2: required i64 file_offset
  3: optional ColumnMetaData meta_data
}

struct RowGroup {
  1: required list<ColumnChunk> columns
  2: required i64 total_byte_size
  3: required i64 num_rows
  5: optional i64 file_offset
  6: optional i64 total_compressed_size
  7: optional i16 ordinal
}

union ColumnOrder {
  1: Nothing TYPE_ORDER
}

struct FileMetaData {
  1: required i32 version
  2: required list<SchemaElement> schema
  3: required i64 num_rows
  4: required list<RowGroup> row_groups
  6: optional string created_by
  7: optional list<ColumnOrder> column_orders
}
