-- One row per raw log file: its size, format, number of lines, first and last stamp, and what was wrong with it
select *
from read_parquet(
    literal_path(warehouse_folder()) || '/raw_files/*.parquet',
    union_by_name = true
)
